export { FileDocument } from './file-document.js';
export { FileJournal, type FileJournalOptions } from './file-journal.js';
