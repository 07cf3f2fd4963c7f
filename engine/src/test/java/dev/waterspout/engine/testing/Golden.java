package dev.waterspout.engine.testing;

import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;

/** Reads the JSON files of the reference data. */
public final class Golden {
    private Golden() {}

    /**
     * Returns the content of a file.
     *
     * @param name relative path in the reference data
     */
    public static JsonObject object(String name) throws IOException {
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(TestData.require(name)))) {
            return reader.readObject();
        }
    }

    /**
     * Returns an array of token ids.
     *
     * @param object the object with the array
     * @param name of the array
     */
    public static int[] ids(JsonObject object, String name) {
        return object.getJsonArray(name).getValuesAs(JsonNumber.class).stream()
                .mapToInt(JsonNumber::intValue)
                .toArray();
    }

    /**
     * Returns token ids as a report has them.
     *
     * @param ids token ids
     */
    public static Integer[] boxed(int[] ids) {
        return Arrays.stream(ids).boxed().toArray(Integer[]::new);
    }
}
