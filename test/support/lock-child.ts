import { openDirectory } from "../../src/runtime/directory.ts";

// Takes the given directory when told to, says whether it could, and keeps it.
process.on("disconnect", () => process.exit());
const [path = ""] = process.argv.slice(2);
process.on("message", () => {
  openDirectory(path, { nodeId: "n1", clusterId: "c1" }).then(
    () => process.send?.("held"),
    (error) => process.send?.(error.code),
  );
});
process.send?.("ready");
