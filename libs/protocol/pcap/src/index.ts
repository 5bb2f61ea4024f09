export { type Capture, type CapturedFrame } from './capture.js';
export { decodeCapture } from './decode-capture.js';
export { findDatagram, type CapturedDatagram, type FrameContent, type SkipReason } from './find-datagram.js';
