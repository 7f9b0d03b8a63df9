import { createApi2convert } from './api2convert/server.js';
import { PretendCloud } from './cloud/pretend-cloud.js';
import { registerControl, type Control } from './control.js';
import { Ledger } from './ledger.js';
import { Requests } from './requests.js';
import { createRunConvert } from './runconvert/server.js';
import { readScenario, VENDOR_NAMES, type VendorName } from './scenario.js';
import { seededRandom } from './random.js';
import { Scenarios } from './scenarios.js';
import { DEFAULT_SETTINGS, type SandboxSettings } from './settings.js';
import type { VendorServer } from './vendor-server.js';

export interface Sandbox {
  /** Base URLs, e.g. `http://127.0.0.1:4010/v2`. */
  readonly api2convertUrl: string;
  readonly runconvertUrl: string;
  readonly control: Control;
  close(): Promise<void>;
}

/** Starts both vendors on 127.0.0.1. Rejects with the system's error where a port is taken; then nothing is left running. */
export async function startSandbox(asked: Partial<SandboxSettings> = {}): Promise<Sandbox> {
  const settings = { ...DEFAULT_SETTINGS, ...asked };
  const random = seededRandom(settings.seed);
  const latency = settings.latencyMs === 0 ? null : (): number => settings.latencyMs * (0.5 + random());
  const shared = { scenarios: new Scenarios(random), ledger: new Ledger(), cloud: new PretendCloud(), requests: new Requests(), latency };
  let dialect = settings.dialect;
  const vendors: Record<VendorName, VendorServer> = {
    api2convert: createApi2convert(shared, settings),
    runconvert: createRunConvert(shared, settings, () => dialect),
  };
  const every = VENDOR_NAMES.map((name) => vendors[name]);
  const control: Control = {
    addScenario: (body) => {
      const scenario = readScenario(body);
      shared.scenarios.add(scenario);
      return scenario;
    },
    clearScenarios: () => shared.scenarios.clear(),
    scenarios: () => shared.scenarios.list(),
    ledger: () => shared.ledger.view(),
    requests: () => shared.requests.list(),
    cloud: shared.cloud,
    setDialect: (word) => {
      dialect = word;
    },
    setListening: (vendor, listening) => vendors[vendor].listener.setListening(listening),
    isListening: (vendor) => vendors[vendor].listener.isOpen,
    reset: () => {
      every.forEach((vendor) => vendor.reset());
      shared.scenarios.clear();
      shared.ledger.clear();
      shared.cloud.clear();
      shared.requests.clear();
      dialect = settings.dialect;
    },
  };
  const close = async (): Promise<void> => {
    for (const vendor of every) {
      vendor.reset();
      await vendor.listener.stop();
      await vendor.app.close();
    }
  };
  try {
    for (const name of VENDOR_NAMES) {
      registerControl(vendors[name].app, name, control);
      await vendors[name].app.ready();
      await vendors[name].listener.start(settings.ports[name]);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { api2convertUrl: `${vendors.api2convert.listener.origin}/v2`, runconvertUrl: `${vendors.runconvert.listener.origin}/v2`, control, close };
}
