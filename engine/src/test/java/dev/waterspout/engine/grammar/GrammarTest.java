package dev.waterspout.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matches GBNF grammars against texts, byte by byte and token by token. */
class GrammarTest {
    private static final String JSON = """
        root   ::= value # all of it
        value  ::= object | array | string | number | ("true" | "false" | "null")
        object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? ws "}"
        array  ::= "[" ws ( value ("," ws value)* )? ws "]"
        string ::= "\\"" ( [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\\""
        number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
        ws ::= | " " | "\\n" [ \\t]{0,20}
        """;

    private static final TokenOrder NONE = new TokenOrder(0, _ -> new byte[0], new BitSet());

    static boolean matches(Grammar grammar, String text) {
        GrammarMatcher matcher = new GrammarMatcher(grammar, NONE);
        return matcher.accept(text.getBytes(StandardCharsets.UTF_8)) && matcher.mayEnd();
    }

    @Test
    void theJsonGrammarMatchesJson() {
        Grammar grammar = GbnfParser.parse(JSON);
        for (String text : List.of(
                "{}", "[1,-2.5e+7,\"a\\u00e9\\n€😀\"]", "{\"a\": {\"b\":[[[]]]},\"c\":null}", "true", "[\n  1]")) {
            assertThat(matches(grammar, text)).as(text).isTrue();
        }
        for (String text : List.of("", "{", "[1,]", "{\"a\"}", "\"a\nb\"", "01x", "\"\\x\"", "[1 ,2]", "nul")) {
            assertThat(matches(grammar, text)).as(text).isFalse();
        }
        assertThat(matches(grammar, "[".repeat(400) + "]".repeat(400))).isTrue();
        assertThatThrownBy(() -> matches(grammar, "[".repeat(2000)))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("inside each other");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "root ::= [a-c]{2,3} \"x\"?~ab,abcx~a,abcd,abxx",
                "root ::= \"é\" [α-ω]+ [^a-z]~éβ1,éωω€,éα😀~éx1,e,éβ",
                "root ::= a | b | \"\"¶"
                        + "a ::= \"a\" a | \"a\"¶"
                        + "b ::= (\"b\" | \"c\") (¶"
                        + " \"d\" |¶"
                        + " \"e\" )~aaaa,bd,ce~ab,be1",
                "root ::= .{2}~ab,€😀~a,abc",
                "root ::= \"\\x41\\u00e9\\U0001F600\\t\"?~Aé😀\t~A",
                "root ::= (\"a\"*)* \"b\"~b,aab~a",
                "root ::= list¶list ::= item tail¶tail ::= | \",\" list¶item ::= [0-9]{1,}~1,12~a",
            })
    void textsAreAllowedOrNot(String grammar, String allowed, String refused) {
        Grammar compiled = GbnfParser.parse(grammar.replace("¶", "\n"));
        for (String text : allowed.split(",", -1)) {
            assertThat(matches(compiled, text)).as(text).isTrue();
        }
        for (String text : refused.split(",", -1)) {
            assertThat(matches(compiled, text)).as(text).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "a ::= \"x\"~no rule root",
                "root ::= b~no rule b, which another rule names",
                "root ::= root \"a\" | \"a\"~rule root begins with itself",
                "root ::= e root \"a\" | \"a\"¶e ::= \"\"~rule root begins with itself",
                "root ::= \"a~its end in line 1 where a character is expected",
                "root ::= (\"a\"~its end in line 1 where ')' is expected",
                "root := \"a\"~':' in line 1 where ::= is expected",
                "root ::= \"a\"¶root ::= \"b\"~two rules named root",
                "root ::= [b-a]~a range whose last character",
                "root ::= \"a\"{3,2}~repetition {3,2}",
                "root ::= (\"abcdefghij\"{9000}){9000}~more than 200000 places",
                "root ::= \"\\q\"~'q' in line 1 where one of n r t x u U",
                "root ::= \"a\" & ~'&' in line 1 where the end of the rule",
            })
    void malformedGrammarsAreOneSentence(String grammar, String message) {
        assertThatThrownBy(() -> GbnfParser.parse(grammar.replace("¶", "\n")))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    /** Tokens of several lengths: pieces of JSON, parts of UTF-8 characters, and an end-of-text token. */
    private static final List<String> TOKENS = List.of(
            "", "{", "}", "[", "]", "\"", ":", ",", "{\"", "\":", "\"}", "a", "ab", "abc", "1", "12", "-", "tr", "ue",
            "true", "true,", " ", "é", "\\", "n", "u00", "e", "null]", "]]", "x", "€", "{\"a\":");

    /** The token trie allows exactly the tokens whose bytes the grammar accepts. */
    @Test
    void aTokenIsAllowedIfItsBytesAre() {
        Grammar grammar = GbnfParser.parse(JSON);
        BitSet ends = new BitSet();
        ends.set(0);
        byte[] half = {(byte) 0xe2, (byte) 0x82};
        int size = TOKENS.size() + 1;
        TokenOrder order = new TokenOrder(
                size, token -> token < TOKENS.size() ? TOKENS.get(token).getBytes(StandardCharsets.UTF_8) : half, ends);
        Random random = new Random(5);
        int ended = 0;
        for (int run = 0; run < 200; run++) {
            GrammarMatcher matcher = new GrammarMatcher(grammar, order);
            StringBuilder taken = new StringBuilder();
            for (int step = 0; step < 30; step++) {
                BitSet allowed = matcher.allowed();
                for (int token = 1; token < TOKENS.size(); token++) {
                    GrammarMatcher fresh = new GrammarMatcher(grammar, order);
                    assertThat(fresh.accept(taken.toString().getBytes(StandardCharsets.UTF_8)))
                            .isTrue();
                    assertThat(allowed.get(token))
                            .as("%s after %s", TOKENS.get(token), taken)
                            .isEqualTo(fresh.accept(TOKENS.get(token).getBytes(StandardCharsets.UTF_8)));
                }
                assertThat(allowed.get(0)).isEqualTo(matches(grammar, taken.toString()));
                // A part of a UTF-8 character is allowed within a string.
                assertThat(allowed.get(size - 1)).isEqualTo(allowed.get(TOKENS.indexOf("€")));
                List<Integer> choices = allowed.stream()
                        .filter(token -> token < TOKENS.size())
                        .boxed()
                        .toList();
                if (choices.isEmpty()) {
                    break; // such as the n of null, for whose other letters there is no token
                }
                int token = choices.get(random.nextInt(choices.size()));
                assertThat(matcher.accept(token)).isTrue();
                if (token == 0) {
                    ended++;
                    break;
                }
                taken.append(TOKENS.get(token));
            }
        }
        assertThat(ended).isGreaterThan(20);
    }

    /** Without limits each of these takes exponential or cubic time, or exhausts the stack or the heap. */
    @Test
    void hostileGrammarsAreParsedOrRefusedQuickly() {
        assertThat(matches(GbnfParser.parse(chain(1_000)), "x")).isTrue();
        for (String ambiguous : List.of(chain(3_000), "root ::= " + "\"\" ".repeat(20_000) + "\"x\"")) {
            assertThatThrownBy(() -> GbnfParser.parse(ambiguous))
                    .isInstanceOf(GrammarException.class)
                    .hasMessageContaining("more than 4096 ways to read the same text");
        }
        assertThatThrownBy(() -> GbnfParser.parse("root ::= (a | a | a | a | a){9999}{99}\na ::= \"a\"\n"))
                .isInstanceOf(GrammarException.class)
                .hasMessageMatching("the grammar has more than [0-9]+ (places|steps); repetitions of long .*");
        assertThatThrownBy(() -> GbnfParser.parse("root ::= \u0007"))
                .hasMessageContaining("the grammar has U+0007 in line 1");
    }

    /** A server that began to follow one would have no state for its beginning. */
    @Test
    void grammarsWithoutAnyTextAreRefused() {
        assertThatThrownBy(() -> Grammar.of(Map.of("root", new Node.Choice(List.of()))))
                .isInstanceOf(GrammarException.class)
                .hasMessage("the grammar allows no text, not even an empty one");
    }

    /** A chain of rules: each begins with the next one or is empty. */
    private static String chain(int rules) {
        StringBuilder chain = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < rules; i++) {
            chain.append("r%d ::= r%d | \"\"\n".formatted(i, i + 1));
        }
        return chain.append("r%d ::= \"x\"\n".formatted(rules)).toString();
    }
}
