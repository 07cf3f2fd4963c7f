package dev.waterspout.engine.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
    private static MarkedText render(String source, Map<String, ?> variables) {
        return Template.parse(source).render(variables, Clock.systemUTC(), RenderLimits.DEFAULT);
    }

    private static MarkedText user(String text) {
        return MarkedText.of(text, true);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            quoteCharacter = '`',
            value = {
                "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }}#3 -4 2 3.5 1024",
                "{{ 1e16 }} {{ 0.1 + 0.2 }} {{ 1e-5 }} {{ 100.0 }}#1e+16 0.30000000000000004 1e-05 100.0",
                "{{ 'abcdef'[::-1] }} {{ 'abcdef'[-2:] }} {{ [1, 2, 3][1:] }}#fedcba ef [2, 3]",
                "{{ {'a': 'it\\'s', 'b': none, 'c': true} }}#{'a': \"it's\", 'b': None, 'c': True}",
                "{{ 1 < 2 < 3 }} {{ 'a' in 'cat' }} {{ 4 not in [1, 2] }}#True True True",
                "{% for a, b in {'x': 1, 'y': 2}.items() %}{{ loop.index }}{{ a }}{{ b }};{% endfor %}#1x1;2y2;",
                "{% set n = namespace(c=0) %}{% for i in range(3) %}{% set n.c = n.c + i %}{% endfor %}{{ n.c }}#3",
                "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}#1",
                "{% for i in range(9) if i % 2 %}{% if i == 7 %}{% break %}{% endif %}{{ i }}{% endfor %}#135",
                "{% macro m(a, b='!') %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}{{ m('y', b='?') }}#x!y?",
                "{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}#3210",
                "[{{ 'a\\nb' | indent(2, first=true) | replace('\\n', '|') }}]#[  a|  b]",
                "{{ [3, 1, 2] | sort | join(',') }} {{ 'hello world' | title }}#1,2,3 Hello World",
                "{{ {'b': [1, 'é'], 'a': 1.0} | tojson }}#{\"b\": [1, \"é\"], \"a\": 1.0}",
                "{% set t | trim %}  x  {% endset %}[{{ t }}]#[x]",
                "{{ missing }}{{ missing is defined }}{{ missing | default('d') }}#Falsed",
            })
    void evaluatesLikePython(String source, String expected) {
        assertThat(render(source, Map.of())).hasToString(expected);
    }

    @Test
    void controlsWhiteSpaceLikeJinja2() {
        assertThat(render("a\n  {% if true %}\n  b\n  {%- endif %}\n{{- 'c' }}\n", Map.of()))
                .hasToString("a\n  bc");
        assertThat(render("a {%+ if true %} b{% endif +%}\nc", Map.of())).hasToString("a  b\nc");
        assertThat(render("{# note #}\nx{% raw %}{{ y }}{% endraw %}", Map.of()))
                .hasToString("x{{ y }}");
    }

    @Test
    void userMarksSurviveEveryOperation() {
        String source = "{{ '<|a|>' ~ (t | trim | upper).replace('X', '<|b|>') + t[1:3] ~ [t] | tojson }}"
                + "{{ t.split('x')[0] | capitalize }}{{ [t, t] | join('<|c|>') }}{{ ('%' ~ t)[:2] }}";
        MarkedText rendered = render(source, Map.of("t", user(" x<|end|> ")));
        StringBuilder fromUser = new StringBuilder();
        StringBuilder trusted = new StringBuilder();
        for (MarkedText.Piece piece : rendered.pieces()) {
            (piece.fromUser() ? fromUser : trusted).append(piece.text()).append('/');
        }
        assertThat(fromUser).hasToString("<|END|>x</ x<|end|> /  x<|end|> / x<|end|> / /");
        assertThat(trusted.toString()).contains("<|a|>", "<|b|>", "<|c|>").doesNotContain("end", "END");
    }

    @Test
    void textsOfAnyOriginCompareByCharacters() {
        Map<String, Object> variables = Map.of("m", Map.of("role", user("user")));
        assertThat(render("{{ m.role == 'user' }}{{ {'user': 1}[m.role] }}", variables))
                .hasToString("True1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% include 'x' %}",
                "{{ 'a' + 1 }}",
                "{{ [1].append(2) }}",
                "{{ {}.pop('a') }}",
                "{{ x.y.z }}",
                "{{ none.split() }}",
                "{{ 'a' | from_json }}",
                "{{ 1 is odd }}",
                "{{ 1 // 0 }}",
                "{{ 9223372036854775807 + 1 }}",
                "{% if true %}",
                "{% break %}",
                "{{ 'open }}",
                "{{ (1, }}",
                "{# open",
                "{% set x.y = 1 %}",
                "{{ range(1, 2, 0) }}",
                "{{ '\\u12' }}",
                "{% for a, b in [1] %}{% endfor %}",
            })
    void refusesInOneSentence(String source) {
        assertThatThrownBy(() -> render(source, Map.of("x", Map.of())))
                .isInstanceOf(JinjaException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").contains("template"));
    }

    @Test
    void reportsTheExceptionOfATemplate() {
        assertThatThrownBy(() -> render("{{ raise_exception('roles must alternate') }}", Map.of()))
                .isInstanceOf(TemplateRefusal.class)
                .hasMessage("roles must alternate");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(1000000000) %}{% endfor %}",
                "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{{ 'x' * 99999999999 }}",
                "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
                "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s.replace('x', 'xxxx') %}"
                        + "{% endfor %}",
                "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
                "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}",
                "{% set n = namespace(s='a b') %}{% for i in range(99) %}{% set n.s = [n.s, n.s] | join(n.s) %}"
                        + "{% endfor %}",
            })
    void stopsTemplatesBeyondTheLimits(String source) {
        RenderLimits limits = new RenderLimits(3_000_000, 200, 100_000);
        Template template = Template.parse(source);
        assertThatThrownBy(() -> template.render(Map.of(), Clock.systemUTC(), limits))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("the chat template");
    }

    @Test
    void refusesTemplatesThatNestTooDeep() {
        List<String> hostile = Arrays.asList(
                "{{ " + "(".repeat(100_000) + ")".repeat(100_000) + " }}",
                "{{ " + "not ".repeat(100_000) + "1 }}",
                "{{ " + "-".repeat(100_000) + "1 }}",
                "{{ " + "[".repeat(100_000) + "]".repeat(100_000) + " }}",
                "{% if 1 %}".repeat(100_000),
                "{% if 1 %}" + "{% elif 1 %}".repeat(100_000));
        for (String source : hostile) {
            assertThatThrownBy(() -> Template.parse(source))
                    .isInstanceOf(JinjaException.class)
                    .hasMessageContaining("nests deeper");
        }
    }
}
