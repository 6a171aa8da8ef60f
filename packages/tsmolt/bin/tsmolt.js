#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

// Connection strings stand in the arguments: a fixed title keeps their passwords out of the list of processes.
process.title = 'tsmolt';
process.exitCode = await main(process.argv.slice(2));
