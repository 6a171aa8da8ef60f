export * from './events.js';
export * from './fetch.js';
export * from './fetch-metrics.js';
export * from './options.js';
export * from './report.js';
