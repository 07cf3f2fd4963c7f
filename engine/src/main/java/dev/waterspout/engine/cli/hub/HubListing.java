package dev.waterspout.engine.cli.hub;

import dev.waterspout.engine.gguf.Printable;
import dev.waterspout.engine.json.JsonInput;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The GGUF files of a repository, from the hub's tree call.
 *
 * @param files files in the hub's order
 */
record HubListing(List<HubFile> files) {
    private static final String DEFAULT_QUANT = "Q4_K_M";
    private static final int NAMED_FILES = 12;

    /** Copies the list. */
    HubListing {
        files = List.copyOf(files);
    }

    /**
     * Reads the answer to a tree call: an array of entries with {@code type}, {@code path}, {@code size} and, for large
     * files, {@code lfs} with the {@code oid} and the size of the content.
     *
     * @param json UTF-8
     * @throws HubException if it is something else
     */
    static List<HubFile> parse(byte[] json) throws HubException {
        List<HubFile> files = new ArrayList<>();
        try {
            Reader text = new StringReader(new String(json, StandardCharsets.UTF_8));
            for (JsonValue value :
                    JsonInput.parse("the hub's list of files", text).asJsonArray()) {
                JsonObject entry = value.asJsonObject();
                if (entry.getString("type", "file").equals("file")) {
                    files.add(file(entry));
                }
            }
        } catch (IOException malformed) {
            throw new HubException(String.valueOf(malformed.getMessage()), malformed);
        } catch (ClassCastException | NullPointerException | ArithmeticException broken) {
            throw new HubException("the hub's list of files is not understood: " + broken.getMessage(), broken);
        }
        return files;
    }

    private static HubFile file(JsonObject entry) {
        JsonObject content = entry.containsKey("lfs") ? entry.getJsonObject("lfs") : entry;
        long size = content.getJsonNumber("size").longValueExact();
        Optional<String> sha256 = entry.containsKey("lfs")
                ? Optional.of(content.getString("oid").toLowerCase(Locale.ROOT))
                : Optional.empty();
        return new HubFile(entry.getString("path"), size, sha256);
    }

    /** Returns the listing as text, which {@link #parse} reads. */
    byte[] toJson() {
        JsonArrayBuilder array = Json.createArrayBuilder();
        for (HubFile file : files) {
            var entry = Json.createObjectBuilder().add("type", "file").add("path", file.path());
            file.sha256()
                    .ifPresentOrElse(
                            oid -> entry.add(
                                    "lfs",
                                    Json.createObjectBuilder().add("oid", oid).add("size", file.size())),
                            () -> entry.add("size", file.size()));
            array.add(entry);
        }
        return array.build().toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Chooses a model.
     *
     * @param reference its quant is a word in the name of the file, in any case; without one, {@code Q4_K_M} if the
     *     repository has it, or else the first model
     * @return the model's files in order: one, or all parts
     * @throws HubException if there is none, or a part is missing
     */
    List<HubFile> select(HubReference reference) throws HubException {
        List<HubFile> models = files.stream()
                .filter(HubListing::isModel)
                .filter(HubFile::isFirstPart)
                .toList();
        String quant = reference.quant().orElse(DEFAULT_QUANT);
        Optional<HubFile> chosen = models.stream()
                .filter(file -> hasWord(file.path(), quant))
                .min(Comparator.comparingInt((HubFile file) -> file.path().length())
                        .thenComparing(HubFile::path));
        if (chosen.isEmpty() && reference.quant().isEmpty()) {
            chosen = models.stream().findFirst();
        }
        HubFile first = chosen.orElseThrow(() -> new HubException(noModel(reference, models)));
        List<HubFile> parts = new ArrayList<>();
        for (int number = 1; number <= first.parts(); number++) {
            String path = first.part(number);
            parts.add(files.stream()
                    .filter(file -> file.path().equals(path))
                    .findFirst()
                    .orElseThrow(() -> new HubException(
                            reference.name() + " has " + first.path() + ", but not the part " + path)));
        }
        return parts;
    }

    private static String noModel(HubReference reference, List<HubFile> models) {
        if (models.isEmpty()) {
            return reference.name() + " has no GGUF file of a language model";
        }
        return reference.name() + " has no GGUF file " + reference.quant().orElse("") + "; it has "
                + models.stream().limit(NAMED_FILES).map(HubFile::path).collect(Collectors.joining(", "))
                + (models.size() > NAMED_FILES ? " and " + (models.size() - NAMED_FILES) + " more" : "");
    }

    private static boolean isModel(HubFile file) {
        String path = file.path().toLowerCase(Locale.ROOT);
        return path.endsWith(".gguf") && !path.contains("mmproj") && !path.contains("imatrix");
    }

    /** Returns whether a path contains a whole word: {@code model-Q4_K_M.gguf} does not contain {@code Q4_K}. */
    static boolean hasWord(String path, String word) {
        return Pattern.compile("(?<![A-Za-z0-9])" + Pattern.quote(word) + "(?![A-Za-z0-9_])", Pattern.CASE_INSENSITIVE)
                .matcher(path)
                .find();
    }

    /** Returns a sentence about files whose paths would leave the folder of the repository. */
    void requireSafePaths() throws HubException {
        for (HubFile file : files) {
            if (isModel(file) && !file.hasSafePath()) {
                throw new HubException("the hub lists the path " + Printable.quote(file.path())
                        + ", which is no place inside a repository");
            }
        }
    }
}
