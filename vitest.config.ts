import { defineConfig } from "vitest/config";

const long = "**/*.long.test.ts";

/** Real processes and sockets, one file at a time: they share two cores, and a starved timer is not what they test. */
const processes = { fileParallelism: false, hookTimeout: 60_000, sequence: { groupOrder: 1 } };

const onMultiPaxos = { env: { QUORATE_TESTED_PROTOCOL: "multi-paxos" } };

export default defineConfig({
  test: {
    passWithNoTests: true,
    maxWorkers: 2, // one less than there are cores would leave one idle where there are two
    projects: [
      {
        test: {
          name: "unit",
          isolate: false, // tests share no state: a process for each file would take longer than the tests in it
          include: ["{src,tools}/**/*.test.ts", "test/{fixtures,packaging,support}/**/*.test.ts"],
          exclude: [long],
          testTimeout: 20_000, // on a busy machine: how long they take is not what they test
        },
      },
      {
        test: {
          name: "multi-paxos", // what holds for any replicated log, on another one than by default
          isolate: false,
          include: ["src/runtime/node/{execute,machine-snapshots,membership/membership}.test.ts"],
          testTimeout: 20_000,
          ...onMultiPaxos,
        },
      },
      {
        test: {
          name: "scenario",
          include: ["test/{mutants,scenarios}/**/*.test.ts"],
          exclude: [long],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "end-to-end",
          include: ["test/end-to-end/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: [long],
          testTimeout: 120_000,
          ...processes,
        },
      },
      {
        test: {
          name: "multi-paxos-end-to-end",
          include: ["test/end-to-end/killed-nodes.test.ts"],
          testTimeout: 120_000,
          ...processes,
          ...onMultiPaxos,
        },
      },
      {
        test: {
          name: "multi-paxos-long",
          include: [
            "src/runtime/{node,backups}/**/*.test.ts",
            "test/end-to-end/{backup,full-disk,membership,minority,paused-leader,recovery,rolling-restart}.test.ts",
          ],
          testTimeout: 120_000,
          ...processes,
          ...onMultiPaxos,
        },
      },
      {
        test: {
          name: "long",
          include: ["{src,test,tools}/**/*.long.test.ts", "test/long/**/*.test.ts"],
          testTimeout: 30 * 60_000,
          ...processes,
        },
      },
    ],
  },
});
