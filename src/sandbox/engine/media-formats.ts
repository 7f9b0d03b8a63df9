import { toolPath } from './tools.js';

const AUDIO = ['mp3', 'wav', 'ogg', 'flac', 'aac', 'm4a', 'opus'];
const VIDEO = ['mp4', 'webm', 'mkv', 'mov', 'avi'];

export function isAudio(format: string): boolean {
  return AUDIO.includes(format);
}

export function isVideo(format: string): boolean {
  return VIDEO.includes(format);
}

/** What ffmpeg could make of a file of `from`, whether it is here or not: sound of sound; film, an animation and its sound of film. */
export function mediaTargets(from: string): readonly string[] {
  if (isAudio(from)) return AUDIO.filter((target) => target !== from);
  return isVideo(from) ? [...VIDEO.filter((target) => target !== from), 'gif', ...AUDIO] : [];
}

export function ffmpegIsHere(): boolean {
  return toolPath('ffmpeg') !== null;
}
