import { replayDirectory } from "../../../test/support/datadriven.ts";
import { raftStory } from "../../../test/support/raft-stories.ts";

replayDirectory(new URL("./testdata/", import.meta.url), raftStory);
