export { PolledFiles, type PolledFilesOptions } from './polled-files.js';
