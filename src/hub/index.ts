export { HubError, type HubReason } from "./failure";
export { type Collected, fromHub, type HubFiles } from "./files";
export { isHubId, near, quoted } from "./names";
export type { HubOptions, RepositoryName } from "./repository";
