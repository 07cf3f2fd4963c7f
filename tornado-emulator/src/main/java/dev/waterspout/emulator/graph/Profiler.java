package dev.waterspout.emulator.graph;

import java.util.LinkedHashMap;
import java.util.Map;

/** Adds up the times and bytes of one execution. The log also has them per task. */
final class Profiler {
    private final long start = System.nanoTime();
    private final StringBuilder log;
    private long kernelNanos;
    private long copyInNanos;
    private long copyOutNanos;
    private long bytesIn;
    private long bytesOut;

    Profiler(StringBuilder log) {
        this.log = log;
    }

    /** Times and bytes of one graph in the execution. */
    final class Graph {
        private final String name;
        private final Map<String, Long> taskNanos = new LinkedHashMap<>();
        private long graphKernels;
        private long graphIn;
        private long graphOut;

        Graph(String name) {
            this.name = name;
        }

        void copiedIn(long nanos, long bytes) {
            graphIn += nanos;
            bytesIn += bytes;
        }

        void copiedOut(long nanos, long bytes) {
            graphOut += nanos;
            bytesOut += bytes;
        }

        void launched(String task, long nanos) {
            taskNanos.put(task, nanos);
            graphKernels += nanos;
        }

        void finish() {
            kernelNanos += graphKernels;
            copyInNanos += graphIn;
            copyOutNanos += graphOut;
            log.append("{\n    \"").append(name).append("\": {\n");
            appendTime("        ", "COPY_IN_TIME", graphIn, ",\n");
            appendTime("        ", "COPY_OUT_TIME", graphOut, ",\n");
            appendTime("        ", "TOTAL_KERNEL_TIME", graphKernels, "");
            taskNanos.forEach((task, nanos) -> {
                log.append(",\n        \"").append(task).append("\": {\n");
                appendTime("            ", "TASK_KERNEL_TIME", nanos, "\n        }");
            });
            log.append("\n    }\n}\n");
        }

        private void appendTime(String indent, String key, long nanos, String end) {
            log.append(indent)
                    .append('"')
                    .append(key)
                    .append("\": \"")
                    .append(nanos)
                    .append('"')
                    .append(end);
        }
    }

    ExecutionProfile finish() {
        return new ExecutionProfile(
                System.nanoTime() - start, kernelNanos, copyInNanos, copyOutNanos, bytesIn, bytesOut, log.toString());
    }
}
