package dev.waterspout.engine.cli.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param path path within the repository, with slashes
 * @param size size in bytes
 * @param sha256 SHA-256 of the content in lower-case hexadecimal; empty if the hub does not give it
 */
record HubFile(String path, long size, Optional<String> sha256) {
    private static final Pattern SAFE_PATH =
            Pattern.compile("(?:[^./\\\\\\p{Cntrl}][^/\\\\\\p{Cntrl}]*/)*" + "[^./\\\\\\p{Cntrl}][^/\\\\\\p{Cntrl}]*");

    private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

    /** Returns whether the path stays inside the folder that it is resolved against, and has no hidden names. */
    boolean hasSafePath() {
        return SAFE_PATH.matcher(path).matches();
    }

    /** Returns the number of files of the model: 1 unless it is split. */
    int parts() {
        Matcher part = PART.matcher(path);
        return part.matches() ? Math.max(1, Integer.parseInt(part.group(3))) : 1;
    }

    /** Returns whether this is the first, or the only, file of a model. */
    boolean isFirstPart() {
        Matcher part = PART.matcher(path);
        return !part.matches() || Integer.parseInt(part.group(2)) == 1;
    }

    /**
     * Returns the path of another part of the same model.
     *
     * @param number number, from 1
     */
    String part(int number) {
        Matcher part = PART.matcher(path);
        return part.matches() ? "%s-%05d-of-%s.gguf".formatted(part.group(1), number, part.group(3)) : path;
    }
}
