package dev.waterspout.engine.http.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ApiExceptionTest {
    /** A client that prints the message must not have its terminal changed by it. */
    @Test
    void messagesHaveNoControlCharacters() {
        assertThat(ApiException.field("role", "role is '\u001b[2J\u0000é'; user is allowed"))
                .hasMessage("role is '\uFFFD[2J\uFFFDé'; user is allowed");
    }
}
