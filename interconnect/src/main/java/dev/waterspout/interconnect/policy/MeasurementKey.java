package dev.waterspout.interconnect.policy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The hosts, devices and version that measurements belong to.
 *
 * @param hosts hosts of all ranks, in any order
 * @param transport name of the transport
 * @param ranks number of ranks that exchange
 * @param devices per rank the device that encodes and sums, with all settings that change its speed
 * @param version version of this library
 */
public record MeasurementKey(List<String> hosts, String transport, int ranks, List<String> devices, String version) {
    /** Sorts the hosts, each once. */
    public MeasurementKey {
        hosts = hosts.stream().distinct().sorted().toList();
        devices = List.copyOf(devices);
    }

    /** {@return the key in one line} */
    String text() {
        return "hosts=" + join(hosts) + " transport=" + clean(transport) + " ranks=" + ranks + " devices="
                + join(devices) + " version=" + clean(version);
    }

    /** {@return a file name that is almost unique; the file also contains the key} */
    String fileName() {
        return "comm-" + UUID.nameUUIDFromBytes(text().getBytes(StandardCharsets.UTF_8)) + ".txt";
    }

    private static String join(List<String> words) {
        return words.stream().map(MeasurementKey::clean).collect(Collectors.joining(","));
    }

    /** {@return the word without line breaks and separators} */
    private static String clean(String word) {
        return word.replaceAll("[\\s,]+", "_");
    }
}
