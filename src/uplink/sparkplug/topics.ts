/** The verbs of Sparkplug messages that the gateway sends, and the one it hears. */
export type DeviceVerb = 'DBIRTH' | 'DDATA' | 'DDEATH';
export type NodeVerb = 'NBIRTH' | 'NDATA' | 'NDEATH' | 'NCMD';

const namespace = 'spBv1.0';

/** `spBv1.0/<group>/<verb>/<node>[/<device>]`. Ids of the site file have no characters that a topic gives a meaning to. */
export interface SparkplugTopics {
  node(verb: NodeVerb): string;
  device(verb: DeviceVerb, deviceId: string): string;
  /** Where the primary host tells its state; retained there. */
  hostState(hostId: string): string;
}

export function sparkplugTopics(groupId: string, nodeId: string): SparkplugTopics {
  return {
    node: verb => `${namespace}/${groupId}/${verb}/${nodeId}`,
    device: (verb, deviceId) => `${namespace}/${groupId}/${verb}/${nodeId}/${deviceId}`,
    hostState: hostId => `${namespace}/STATE/${hostId}`,
  };
}
