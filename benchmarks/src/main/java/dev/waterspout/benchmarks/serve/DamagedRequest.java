package dev.waterspout.benchmarks.serve;

import dev.waterspout.engine.json.PlainJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A request of one of the server's endpoints with one kind of damage. The same seed and number give the same request.
 *
 * @param damage kind of damage
 * @param bytes head and body
 * @param sent number of bytes that are sent before the client disconnects or stalls; otherwise all bytes
 */
@SuppressWarnings("ArrayRecordComponent") // made once, sent once, never compared
record DamagedRequest(Damage damage, byte[] bytes, int sent) {
    /** A kind of damage. */
    enum Damage {
        /** Some bytes of the body are replaced. */
        BYTES,
        /** The body is truncated, with the Content-Length of the rest. */
        CUT,
        /** A value of the body is replaced by one of another type or size. */
        VALUE,
        /** A field of the body is renamed, has the value of another field, occurs twice or is missing. */
        FIELD,
        /** Some bytes of the head are replaced. */
        HEAD,
        /** Content-Length differs from the length of the body. */
        LENGTH,
        /** The body is sent in pieces with pauses between them. */
        SLOW,
        /** The client disconnects before the request is complete, or before the answer. */
        LEAVES,
        /**
         * The client sends a part of the body, and then waits for the answer. Rare, since it waits for a time limit.
         */
        STALLS
    }

    /** One of so many requests stalls. */
    private static final int STALL_RARITY = 500;

    private static final List<String> BASES = List.of(
            "/v1/chat/completions {'messages':[{'role':'user','content':'Hello'}],'max_tokens':2}",
            "/v1/chat/completions {'messages':[{'role':'system','content':'Be brief'},{'role':'user','content':"
                    + "[{'type':'text','text':'Hello'}]}],'max_tokens':2,'stream':true,'stream_options':"
                    + "{'include_usage':true},'temperature':0.5,'seed':7}",
            "/v1/chat/completions {'messages':[{'role':'user','content':'Rain?'}],'max_tokens':3,'tools':[{'type':"
                    + "'function','function':{'name':'rain','parameters':{'type':'object','properties':{'city':{'type':"
                    + "'string'}},'required':['city']}}}],'tool_choice':'required'}",
            "/v1/chat/completions {'messages':[{'role':'user','content':'Hello'}],'max_tokens':3,'response_format':"
                    + "{'type':'json_schema','json_schema':{'name':'a','schema':{'type':'object','properties':{'a':"
                    + "{'enum':['x','y']}},'required':['a'],'additionalProperties':false}}}}",
            "/v1/completions {'prompt':'We the people','max_tokens':2,'temperature':0,'stop':['.','\\n'],'n':2}",
            "/v1/completions {'prompt':[12,13],'max_tokens':2,'logprobs':2,'echo':true,'logit_bias':{'5':-100}}",
            "/v1/completions {'prompt':['We','The'],'max_tokens':1,'stream':true,'top_k':4,'top_p':0.9,'min_p':0.1}",
            "/v1/completions {'prompt':'We','max_tokens':2,'grammar':'root ::= [a-z]+','repeat_penalty':1.1}",
            "/v1/responses {'input':'Hello','max_output_tokens':2}",
            "/v1/responses {'input':[{'role':'user','content':[{'type':'input_text','text':'Hello'}]}],"
                    + "'instructions':'Be brief','max_output_tokens':2,'stream':true}",
            "/tokenize {'content':'We the people'}",
            "/detokenize {'tokens':[12,13,14]}",
            "/apply-template {'messages':[{'role':'user','content':'Hello'}]}",
            "/v1/models ",
            "/props ",
            "/health ",
            "/metrics ");

    /** The first so many have a body. */
    private static final int BODIES = 13;

    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "-1",
            "0",
            "0.5",
            "1e308",
            "1e999",
            "9223372036854775807",
            "123456789012345678901234567890",
            "\"\"",
            "\"x\"",
            "\"\\ud800\"",
            "\"\\u0000<|im_end|>\"",
            "[]",
            "[[]]",
            "{}",
            "{\"type\":\"object\"}",
            "[".repeat(80) + "]".repeat(80),
            "\"" + "word ".repeat(4000) + "\"",
            "[" + "1,".repeat(3000) + "1]");

    /** Makes a request. */
    static DamagedRequest of(long seed, int number) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
        Damage damage = random.nextInt(STALL_RARITY) == 0
                ? Damage.STALLS
                : Damage.values()[random.nextInt(Damage.values().length - 1)]; // STALLS is the last
        String base = BASES.get(random.nextInt(damage == Damage.STALLS ? BODIES : BASES.size()));
        int space = base.indexOf(' ');
        String path = base.substring(0, space);
        byte[] body = utf8(base.substring(space + 1).replace('\'', '"'));
        if (body.length > 0) {
            body = switch (damage) {
                case BYTES -> overwritten(body, 0, random);
                case CUT -> Arrays.copyOf(body, random.nextInt(body.length));
                case VALUE -> withValue(body, random);
                case FIELD -> withField(body, random);
                default -> body;
            };
        }
        int length = damage == Damage.LENGTH ? random.nextInt(2 * body.length + 2) : body.length;
        String head = (base.length() == space + 1 ? "GET " : "POST ") + path + " HTTP/1.1\r\nHost: x\r\n"
                + "Connection: close\r\nContent-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n";
        byte[] headBytes = utf8(head);
        byte[] whole = joined(damage == Damage.HEAD ? overwritten(headBytes, 0, random) : headBytes, body);
        int sent = switch (damage) {
            case LEAVES -> random.nextInt(whole.length + 1);
            case STALLS -> random.nextInt(headBytes.length, whole.length);
            default -> whole.length;
        };
        return new DamagedRequest(damage, whole, sent);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] joined(byte[] head, byte[] body) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(head);
        whole.writeBytes(body);
        return whole.toByteArray();
    }

    private static byte[] overwritten(byte[] bytes, int from, SplittableRandom random) {
        byte[] changed = bytes.clone();
        for (int i = random.nextInt(1, 5); i > 0; i--) {
            changed[random.nextInt(from, changed.length)] = (byte) random.nextInt(256);
        }
        return changed;
    }

    /** A placeholder for a value, which is replaced by a text after the tree has been written as JSON. */
    private static final String MARK = "value-to-be-replaced";

    private static byte[] withValue(byte[] json, SplittableRandom random) {
        Object tree = tree(json);
        List<Slot> slots = slots(tree);
        slots.get(random.nextInt(slots.size())).put(MARK);
        return utf8(PlainJson.text(tree).replace('"' + MARK + '"', VALUES.get(random.nextInt(VALUES.size()))));
    }

    private static byte[] withField(byte[] json, SplittableRandom random) {
        Object tree = tree(json);
        List<Slot> slots = slots(tree);
        Slot slot = slots.get(random.nextInt(slots.size()));
        Slot other = slots.get(random.nextInt(slots.size()));
        switch (random.nextInt(4)) {
            case 0 -> slot.remove();
            case 1 -> slot.put(tree(utf8(PlainJson.text(PlainJson.object("a", other.value()))))); // a copy
            case 2 -> slot.rename("x");
            default -> {
                String field = slot.name() + "\":" + VALUES.get(random.nextInt(VALUES.size()));
                return utf8("{\"" + field + "," + new String(json, 1, json.length - 1, StandardCharsets.UTF_8));
            }
        }
        return utf8(PlainJson.text(tree));
    }

    private static Object tree(byte[] json) {
        try {
            return Objects.requireNonNull(
                    mutable(PlainJson.read("request", new String(json, StandardCharsets.UTF_8))), "JSON null");
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static @Nullable Object mutable(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            map.forEach((key, each) -> copy.put(String.valueOf(key), mutable(each)));
            return copy;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>();
            list.forEach(each -> copy.add(mutable(each)));
            return copy;
        }
        return value;
    }

    /** The position of a value in a tree. */
    private record Slot(Map<String, @Nullable Object> map, String name) {
        @Nullable
        Object value() {
            return map.get(name);
        }

        void put(@Nullable Object value) {
            map.put(name, value);
        }

        void remove() {
            map.remove(name);
        }

        void rename(String added) {
            map.put(name + added, map.remove(name));
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Slot> slots(@Nullable Object tree) {
        List<Slot> slots = new ArrayList<>();
        if (tree instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                slots.add(new Slot((Map<String, @Nullable Object>) map, String.valueOf(key)));
                slots.addAll(slots(value));
            });
        } else if (tree instanceof List<?> list) {
            list.forEach(each -> slots.addAll(slots(each)));
        }
        return slots;
    }
}
