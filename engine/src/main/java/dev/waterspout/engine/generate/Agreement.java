package dev.waterspout.engine.generate;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.ControlChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares builds and options of the processes of a group before the first token. They must be equal.
 */
public final class Agreement {
    private static final String FIELD_END = "\u001e";
    private static final String NAME_END = "\u001f";

    private static final List<String> FIRST = List.of("version", "build", "model", "--ctx-size", "--parallel");

    private Agreement() {}

    /**
     * Shares facts with all ranks and checks those that must be equal, and that all ranks run the same build.
     *
     * @param threads the group
     * @param common facts that must be equal on all ranks, by name
     * @param own facts of this rank alone
     * @return all facts of every rank, in rank order
     * @throws InterconnectException on every rank, if a fact differs from that of rank 0; the message names both values
     */
    public static List<Map<String, String>> share(
            RankThreads threads, Map<String, String> common, Map<String, String> own) {
        Map<String, String> equal = new TreeMap<>(common);
        equal.put("build", BuildDigest.own());
        Map<String, String> facts = new TreeMap<>(equal);
        facts.putAll(own);
        List<Map<String, String>> all = new ArrayList<>();
        threads.run(member -> {
            for (byte[] text : shareBytes(member.control(), text(facts))) {
                all.add(facts(text));
            }
            check(all, equal);
        });
        return all;
    }

    private static void check(List<Map<String, String>> all, Map<String, String> common) {
        for (String name : inOrder(common)) {
            String wanted = all.getFirst().get(name);
            for (int rank = 1; rank < all.size(); rank++) {
                String found = all.get(rank).get(name);
                if (!String.valueOf(found).equals(wanted)) {
                    throw new InterconnectException("rank " + rank + " has " + name + " '" + found
                            + "', and rank 0 has '" + wanted + "'; all ranks need the same");
                }
            }
        }
    }

    /** The facts that are compared first: with another build, model or context many others differ too. */
    private static List<String> inOrder(Map<String, String> facts) {
        List<String> names = new ArrayList<>(new TreeMap<>(facts).keySet());
        names.sort(Comparator.comparingInt(name -> !FIRST.contains(name) ? FIRST.size() : FIRST.indexOf(name)));
        return names;
    }

    private static byte[][] shareBytes(ControlChannel control, byte[] own) {
        int[][] lengths = control.share(new int[] {own.length});
        int longest = Arrays.stream(lengths).mapToInt(each -> each[0]).max().orElse(0);
        ByteBuffer padded = ByteBuffer.allocate(Math.ceilDiv(longest, Integer.BYTES) * Integer.BYTES);
        padded.put(own).rewind();
        int[] words = new int[padded.capacity() / Integer.BYTES];
        padded.asIntBuffer().get(words);
        int[][] shared = control.share(words);
        byte[][] all = new byte[shared.length][];
        for (int rank = 0; rank < all.length; rank++) {
            ByteBuffer bytes = ByteBuffer.allocate(padded.capacity());
            bytes.asIntBuffer().put(shared[rank]);
            all[rank] = Arrays.copyOf(bytes.array(), lengths[rank][0]);
        }
        return all;
    }

    private static byte[] text(Map<String, String> facts) {
        StringBuilder text = new StringBuilder();
        facts.forEach((name, value) ->
                text.append(name).append(NAME_END).append(value).append(FIELD_END));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, String> facts(byte[] bytes) {
        Map<String, String> facts = new LinkedHashMap<>();
        for (String field : new String(bytes, StandardCharsets.UTF_8).split(FIELD_END, 0)) {
            int end = field.indexOf(NAME_END);
            if (end > 0) {
                facts.put(field.substring(0, end), field.substring(end + 1));
            }
        }
        return facts;
    }
}
