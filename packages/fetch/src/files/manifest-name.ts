/** The manifest's key in the object store, beside the folders of the tables. */
export const manifestName = 'manifest.json';
