package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.bench.Samples;
import dev.waterspout.engine.bench.Workload;
import dev.waterspout.engine.bench.WorkloadCost;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.model.Model;
import dev.waterspout.kernels.probe.HostCeiling;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One result of {@code bench}.
 *
 * @param model the model that was run
 * @param setup machine and options of the measurement
 * @param workload the test
 * @param samples its times
 * @param cost lower bounds of a run's time
 * @param ceiling ceiling of the machine with as many threads, if all ranks are on this process's host
 * @param time time of the measurement
 */
public record BenchRow(
        ModelFacts model,
        Setup setup,
        Workload workload,
        Samples samples,
        WorkloadCost cost,
        @Nullable HostCeiling ceiling,
        Instant time) {
    /**
     * The description of a model, as in llama-bench.
     *
     * @param file its path
     * @param type architecture, size and the type of most of its weights
     * @param bytes bytes of all tensors
     * @param parameters elements of all tensors
     */
    public record ModelFacts(String file, String type, long bytes, long parameters) {
        /** Returns the description of a model. */
        public static ModelFacts of(Model model) {
            Collection<GgufTensor> tensors = model.file().tensors();
            long parameters = tensors.stream().mapToLong(GgufTensor::elements).sum();
            Map<GgmlType, Long> bytes = new EnumMap<>(GgmlType.class);
            tensors.forEach(tensor -> bytes.merge(tensor.type(), tensor.bytes(), Long::sum));
            GgmlType most = bytes.entrySet().stream()
                    .max(Comparator.comparing(Map.Entry::getValue))
                    .orElseThrow()
                    .getKey();
            String type = model.config().architecture().ggufName() + " " + count(parameters) + " " + most;
            return new ModelFacts(
                    model.file().name(),
                    type,
                    bytes.values().stream().mapToLong(Long::longValue).sum(),
                    parameters);
        }

        private static String count(long parameters) {
            return parameters >= 1e9
                    ? String.format(Locale.ROOT, "%.1fB", parameters / 1e9)
                    : String.format(Locale.ROOT, parameters >= 1e7 ? "%.0fM" : "%.1fM", parameters / 1e6);
        }
    }

    /**
     * The devices and formats of a run.
     *
     * @param devices devices of all ranks
     * @param transport transport between them
     * @param threads threads of all ranks on this machine together
     * @param options options of the ranks
     */
    public record Setup(List<String> devices, String transport, int threads, RankOptions options) {
        /** Returns the devices, as readable text, such as {@code 2 x host, e2m1:32:e8m0}. */
        public String label() {
            Map<String, Integer> counts = new LinkedHashMap<>();
            devices.forEach(device -> counts.merge(device, 1, Integer::sum));
            String names = counts.entrySet().stream()
                    .map(each -> (each.getValue() > 1 ? each.getValue() + " x " : "") + each.getKey())
                    .collect(Collectors.joining(" + "));
            return devices.size() == 1 ? names : names + ", " + comm(options.chunk());
        }

        /** Returns the wire format of partials for a number of tokens. */
        String comm(int rows) {
            var choice = options.schedule().choice(rows);
            return choice.algorithm().label() + " " + choice.format().label();
        }
    }

    /** Tokens per second of each sequence, at the median speed. */
    double medianSpeedOfEach() {
        return samples.medianSpeed() / workload.sequences();
    }

    /** Bytes of weights read per second, at the median speed. */
    double readBytesPerSecond() {
        return cost.weightBytes() / samples.medianSeconds();
    }

    /** Operations of the matrices per second, at the median speed. */
    double flopsPerSecond() {
        return cost.flops() / samples.medianSeconds();
    }
}
