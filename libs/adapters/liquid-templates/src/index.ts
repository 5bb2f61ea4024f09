export { LiquidTemplates, type TemplateLimits } from './liquid-templates.js';
