package dev.waterspout.engine.cli.chat;

import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatMessage.Role;
import dev.waterspout.engine.cli.file.JsonFile;
import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Conversations as files: JSON with {@code messages}, each with a {@code role} and {@code content}. */
final class ChatFile {
    private ChatFile() {}

    static void write(Path file, List<ChatMessage> messages) throws IOException {
        JsonArrayBuilder array = Json.createArrayBuilder();
        for (ChatMessage message : messages) {
            JsonObjectBuilder object = Json.createObjectBuilder()
                    .add("role", message.role().name().toLowerCase(Locale.ROOT))
                    .add("content", message.content());
            if (!message.reasoning().isEmpty()) {
                object.add("reasoning_content", message.reasoning());
            }
            array.add(object);
        }
        StringWriter text = new StringWriter();
        try (JsonWriter writer = Json.createWriter(text)) {
            writer.write(Json.createObjectBuilder().add("messages", array).build());
        }
        FileReplacement.writeText(file, text + "\n");
    }

    static List<ChatMessage> read(Path file) throws IOException {
        JsonValue json = JsonFile.read("conversation", file);
        try {
            List<ChatMessage> messages = new ArrayList<>();
            for (JsonObject object :
                    json.asJsonObject().getJsonArray("messages").getValuesAs(JsonObject.class)) {
                messages.add(new ChatMessage(
                        Role.valueOf(object.getString("role").toUpperCase(Locale.ROOT)),
                        object.getString("content"),
                        object.getString("reasoning_content", ""),
                        List.of(),
                        ""));
            }
            return messages;
        } catch (IllegalArgumentException | NullPointerException | ClassCastException malformed) {
            throw new IOException(
                    file + " is not a conversation: JSON with messages, each with role and content, is", malformed);
        }
    }
}
