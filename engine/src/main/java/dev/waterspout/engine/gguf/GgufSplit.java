package dev.waterspout.engine.gguf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Models that are split into several files by llama.cpp's gguf-split: {@code NAME-00001-of-00003.gguf} and so on. Each
 * part has its index ({@code split.no}, from 0) and the number of parts ({@code split.count}); the first has the
 * metadata, and {@code split.tensors.count} is the number of tensors in all of them.
 */
final class GgufSplit {
    private static final String NUMBER = "split.no";
    private static final String COUNT = "split.count";
    private static final String TENSORS = "split.tensors.count";

    /** The most parts that a name of five digits can count. */
    private static final int MAX_PARTS = 99_999;

    private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\.gguf)", Pattern.DOTALL);

    private GgufSplit() {}

    /**
     * Returns the files of a model.
     *
     * @param given one of them
     * @param metadata metadata of that one
     * @return all files in order; only the given one if the model is not split
     * @throws GgufException if the names of the other parts cannot be derived from its name, or if parts are missing
     */
    static List<Path> parts(Path given, GgufMetadata metadata) {
        int count = count(given.toString(), metadata);
        if (count == 1) {
            return List.of(given);
        }
        long number = metadata.integer(NUMBER).orElse(0) + 1;
        Matcher name = NAME.matcher(String.valueOf(given.getFileName()));
        String expected = "-%05d-of-%05d.gguf".formatted(number, count);
        if (!name.matches() || !given.toString().endsWith(expected)) {
            throw new GgufException(
                    given.toString(),
                    "is part " + number + " of a model that was split into " + count + "; its name must end in "
                            + expected + ", so that the other parts are found");
        }
        List<Path> parts = IntStream.rangeClosed(1, count)
                .mapToObj(part -> given.resolveSibling("%s-%05d-of-%05d.gguf".formatted(name.group(1), part, count)))
                .toList();
        List<Path> missing =
                parts.stream().filter(part -> !Files.exists(part)).limit(5).toList();
        if (!missing.isEmpty()) {
            throw new GgufException(
                    given.toString(),
                    "is part " + number + " of a model that was split into " + count
                            + ", and of the others there is no "
                            + missing.stream()
                                    .map(part -> String.valueOf(part.getFileName()))
                                    .collect(Collectors.joining(", no ")));
        }
        return parts;
    }

    /**
     * Checks that files belong together.
     *
     * @param parts all files of a model, in order
     * @throws GgufException if one is not the part that its place calls for, or tensors are missing
     */
    static void check(List<GgufPart> parts) {
        int count = parts.size();
        if (count == 1) {
            return;
        }
        for (int i = 0; i < count; i++) {
            GgufPart part = parts.get(i);
            GgufMetadata metadata = part.header().metadata();
            long number = metadata.integer(NUMBER).orElse(0);
            if (number != i || count(part.name(), metadata) != count) {
                throw new GgufException(
                        part.name(),
                        "is part " + (number + 1) + " of " + count(part.name(), metadata) + " by its metadata; part "
                                + (i + 1) + " of " + count + " is needed here");
            }
        }
        long declared = parts.getFirst().header().metadata().integer(TENSORS).orElse(0);
        long found =
                parts.stream().mapToLong(part -> part.header().tensors().size()).sum();
        if (declared != found) {
            throw new GgufException(
                    parts.getFirst().name(),
                    TENSORS + " is " + declared + ", but the " + count + " parts have " + found + " tensors");
        }
    }

    /**
     * Checks that a file is not a part.
     *
     * @throws GgufException if it is
     */
    static void requireWhole(GgufPart part) {
        int count = count(part.name(), part.header().metadata());
        if (count > 1) {
            throw new GgufException(
                    part.name(), "is one part of a split model of " + count + "; such models are read from files only");
        }
    }

    private static int count(String file, GgufMetadata metadata) {
        long count = metadata.integer(COUNT).orElse(1);
        if (count < 0 || count > MAX_PARTS) {
            throw new GgufException(file, COUNT + " is " + count + "; 1 to " + MAX_PARTS + " is allowed");
        }
        return (int) Math.max(1, count); // files that were never split may have a 0
    }
}
