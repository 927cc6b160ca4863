import type { Point } from '../model/point.ts';
import type { Build } from './build.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import type { Place } from './problem.ts';
import { listWords, suggestOr } from './suggestion.ts';

/** The point that a site file calls DEVICE/POINT; undefined, with the reason among the problems, when there is none. */
export function findPoint(
  reference: string,
  place: Place,
  devices: DeviceDrafts,
  build: Build,
): { device: DeviceDraft; point: Point } | undefined {
  const [deviceId = '', pointId] = reference.split('/');
  if (pointId === undefined) {
    const hint = 'write DEVICE/POINT, or a number with its unit where one may stand';
    build.problems.error(place, `"${reference}" names no point`, hint);
    return undefined;
  }
  if (devices.broken.has(deviceId)) return undefined;
  const device = devices.built.get(deviceId);
  if (!device) {
    const ids = [...devices.built.keys()];
    build.problems.error(
      place,
      `no device is called "${deviceId}"`,
      suggestOr(deviceId, ids, `the devices are ${listWords(ids)}`),
    );
    return undefined;
  }
  const point = device.points.get(pointId);
  if (point) return { device, point };
  if (device.isIncomplete || device.brokenPoints.has(pointId)) return undefined;
  if (device.profile?.points.has(pointId)) {
    const message = `the device "${deviceId}" does not read the point "${pointId}" of its profile`;
    build.problems.error(place, message, `add ${pointId} to its list only:`);
    return undefined;
  }
  const ids = [...device.points.keys()];
  const hint = suggestOr(pointId, ids, `its points are ${listWords(ids, 30)}`);
  build.problems.error(place, `the device "${deviceId}" has no point "${pointId}"`, hint);
  return undefined;
}
