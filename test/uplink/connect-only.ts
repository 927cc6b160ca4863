import { RealUplink } from './real-uplink.ts';

/** A gateway's uplink as a process of its own, to be killed. Its argument is the broker's port. */
const uplink = new RealUplink(Number(process.argv[2]));
process.on('SIGTERM', () => uplink.uplink.stop());
