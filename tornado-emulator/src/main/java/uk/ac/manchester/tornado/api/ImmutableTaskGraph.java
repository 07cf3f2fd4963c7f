package uk.ac.manchester.tornado.api;

import dev.waterspout.emulator.graph.GraphRun;

/** An immutable task graph, with its arrays on the device. */
public class ImmutableTaskGraph {
    private final GraphRun run;

    ImmutableTaskGraph(GraphRun run) {
        this.run = run;
    }

    GraphRun run() {
        return run;
    }
}
