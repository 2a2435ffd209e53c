/** The messages and services of the API, generated from the protos. */
export * from "./gen/v1.js";
