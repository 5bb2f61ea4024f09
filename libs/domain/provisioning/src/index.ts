export { createTask, installRequestOf, type Birth, type TaskActive } from './create-task.js';
export { deadlineOf, defaultDeadlines, expireTask, type Deadline, type DeadlineSettings } from './deadlines.js';
export { approveTask, cancelTask, moveTask, rejectTask, type Decision, type TaskStateConflict } from './decide-task.js';
export { applyReport, isOperation, MAX_INSTALL_BOOTS, type MachineReport, type ReportFault } from './machine-report.js';
export { isInInstallQueue, nextOperation } from './next-operation.js';
export { builtinProfiles } from './profiles/builtin-profiles.js';
export { findProfile, mergeProfiles, type ProfileQuery } from './profiles/find-profile.js';
export { type Profile, type ProfileFormat } from './profiles/profile.js';
export { unchanged, type TaskEvent, type TaskStep } from './task-event.js';
export { actionsOf, taskTransitions, transitionOf, type TaskAction } from './task-transitions.js';
export {
  isUnfinished,
  MAX_LOG_LINE_LENGTH,
  MAX_LOG_LINES,
  MAX_PROGRESS_ENTRIES,
  MAX_STATUS_CHANGES,
  operations,
  taskStatuses,
  type Approval,
  type BootAttempt,
  type InstallRequest,
  type Json,
  type Operation,
  type ProgressEntry,
  type StatusChange,
  type Task,
  type TaskStatus,
} from './task.js';
