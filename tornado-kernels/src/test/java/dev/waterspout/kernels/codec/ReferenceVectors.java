package dev.waterspout.kernels.codec;

import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Output of microsoft/microxcaling, an independent implementation, for one row of hard inputs. */
record ReferenceVectors(String file, MxFormat format, int nanCount, MemorySegment data) {
    private static final Pattern CASE = Pattern.compile("\\{[^}]*}");

    /** {@return all cases; the calling test is skipped if the data is missing} */
    static List<ReferenceVectors> load() {
        Path folder = TestData.require("mx-vectors");
        try {
            List<ReferenceVectors> all = new ArrayList<>();
            Matcher cases = CASE.matcher(Files.readString(folder.resolve("manifest.json")));
            while (cases.find()) {
                all.add(read(folder, cases.group()));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ReferenceVectors read(Path folder, String json) throws IOException {
        ElementType element = ElementType.valueOf(field(json, "element"));
        ScaleType scale = ScaleType.valueOf("E" + field(json, "scaleBits") + "M0");
        Rounding rounding = switch (field(json, "rounding")) {
            case "ties-to-even" -> Rounding.EVEN;
            case "ties-away-from-zero" -> Rounding.AWAY;
            default -> throw new IllegalStateException("unknown rounding in " + json);
        };
        MxFormat format =
                new MxFormat(element, Integer.parseInt(field(json, "block")), scale, ScaleRule.FLOOR, rounding);
        return new ReferenceVectors(
                field(json, "file"),
                format,
                Integer.parseInt(field(json, "nanCount")),
                MemorySegment.ofArray(Files.readAllBytes(folder.resolve(field(json, "file")))));
    }

    /** {@return one row of values} */
    float[] input() {
        return Samples.floats(data.asSlice(0, data.byteSize() / 2));
    }

    /** {@return the row after quantizing and dequantizing} */
    float[] output() {
        return Samples.floats(data.asSlice(data.byteSize() / 2));
    }

    private static String field(String json, String name) {
        Matcher value = Pattern.compile("\"" + name + "\":\\s*\"?([^\",\\s]+)").matcher(json);
        if (!value.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return value.group(1);
    }
}
