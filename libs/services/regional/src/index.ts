export { bootPlaneWith, type BootPlaneEquipment } from './boot-plane/create-boot-plane.js';
export { bootPlaneSettings } from './boot-plane/boot-plane-settings.js';
export { type BootPlane, type BootPlaneContext, type BootPlaneFactory, type StatusRow } from './boot-plane.port.js';
export { checkRegionalConfig, regionalSettings, type RegionalConfig } from './config.js';
export { createRegional, type RegionalService } from './create-regional.js';
export { type RegionalParts } from './regional-parts.js';
export { withOwnAddress } from './own-address.js';
