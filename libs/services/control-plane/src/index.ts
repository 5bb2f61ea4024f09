export { checkControlPlaneConfig, controlPlaneSettings, type ControlPlaneConfig } from './config.js';
export { createControlPlane, type ControlPlane, type ControlPlaneParts } from './create-control-plane.js';
