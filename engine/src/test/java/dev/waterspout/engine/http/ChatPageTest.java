package dev.waterspout.engine.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.HttpTransport;
import dev.waterspout.engine.http.transport.Limits;
import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.testing.Browser;
import dev.waterspout.engine.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The chat page in a browser. The server's replies are written here, so that the test knows when one runs. */
@Timeout(240)
class ChatPageTest {
    private static final String REPLY = "document.querySelector('article.assistant:last-of-type > div').textContent";
    private static final String FOCUS = "document.activeElement.id";

    @TempDir
    private static Path folder;

    private static Conversation conversation;
    private static HttpTransport server;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        Optional<Path> program = Browser.find();
        Assumptions.assumeTrue(program.isPresent(), "there is no chromium on the PATH: the page was not used");
        conversation = new Conversation();
        server = HttpTransport.listen(
                new Address("127.0.0.1", 0, Optional.empty()),
                new Gate(new ApiKeys(List.of()), conversation),
                Limits.DEFAULT);
        browser = Browser.start(program.get(), folder.resolve("profile"));
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (server != null) {
            server.close();
        }
    }

    /** Begins each reply, and ends it only if the request has a limit of tokens. */
    private static final class Conversation implements Service {
        private final BlockingQueue<Map<String, Object>> asked = new LinkedBlockingQueue<>();
        private final BlockingQueue<String> left = new LinkedBlockingQueue<>();

        @Override
        public void answer(Exchange exchange) {
            if (exchange.path().equals("/v1/models")) {
                exchange.answer(Answer.json(200, "{\"data\":[{\"id\":\"a-model\"}]}"));
                return;
            }
            Map<String, Object> request;
            try {
                request = TestServer.json(new String(exchange.body(), StandardCharsets.UTF_8));
            } catch (IOException malformed) {
                throw new AssertionError(malformed);
            }
            asked.add(request);
            exchange.beginEvents();
            exchange.send(delta("reasoning_content", "why "));
            exchange.send(delta("content", "a <i>reply</i> "));
            if (request.containsKey("max_tokens")) {
                exchange.send(delta("content", "ends"));
                exchange.send("data: [DONE]\n\n");
                exchange.endEvents();
                return;
            }
            CountDownLatch gone = new CountDownLatch(1);
            exchange.onGone(gone::countDown);
            try {
                gone.await();
                left.add("the client has left");
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }

        private static String delta(String field, String text) {
            return "data: "
                    + PlainJson.text(PlainJson.object(
                            "choices", List.of(PlainJson.object("delta", PlainJson.object(field, text)))))
                    + "\n\n";
        }

        @Override
        public Answer health() {
            return Answer.json(200, "{}");
        }

        @Override
        public void count(String path, int status) {}
    }

    private static void open(int width, int height) throws InterruptedException {
        browser.open("http://127.0.0.1:" + server.port() + "/", width, height, width < 500);
        browser.await("document.getElementById('model').textContent === 'a-model'");
    }

    private static void tabTo(String key, String id) {
        for (int i = 0; i < 8 && !id.equals(browser.evaluate(FOCUS)); i++) {
            browser.press(key);
        }
        assertThat(browser.evaluate(FOCUS)).isEqualTo(id);
    }

    @Test
    void isUsedByKeyboardAlone() throws Exception {
        open(1000, 700);
        assertThat(browser.evaluate(FOCUS)).isEqualTo("text");
        browser.type("a <b>question</b>");
        browser.press("Enter");
        assertThat(conversation.asked.take().get("stream")).isEqualTo(true);
        browser.await(REPLY + " === 'a <i>reply</i> '");
        assertThat(browser.evaluate("document.querySelector('article.user > div').textContent"))
                .isEqualTo("a <b>question</b>");
        assertThat(browser.evaluate("document.querySelector('details div').textContent"))
                .isEqualTo("why ");
        assertThat(browser.evaluate("document.querySelectorAll('main b, main i').length"))
                .isEqualTo(0L);
        browser.press("Escape");
        assertThat(conversation.left.take()).isEqualTo("the client has left");
        browser.await("document.getElementById('stop').hidden && " + FOCUS + " === 'text'");
        // Before the field are the reasoning of the reply, the conversation, and the button of the settings.
        browser.press("Shift+Tab");
        assertThat(browser.evaluate("document.activeElement.tagName")).isEqualTo("SUMMARY");
        browser.press("Enter");
        browser.await("document.querySelector('details').open");
        browser.press("Shift+Tab");
        assertThat(browser.evaluate(FOCUS)).isEqualTo("log");
        browser.press("Shift+Tab");
        assertThat(browser.evaluate(FOCUS)).isEqualTo("settings");
        browser.press("Enter");
        browser.await("document.getElementById('dialog').open");
        browser.press("Tab");
        browser.press("Tab");
        assertThat(browser.evaluate(FOCUS)).isEqualTo("most");
        browser.type("3");
        browser.press("Escape");
        browser.await("!document.getElementById('dialog').open && " + FOCUS + " === 'settings'");
        tabTo("Tab", "text");
        browser.type("more");
        browser.press("Enter");
        Map<String, Object> second = conversation.asked.take();
        assertThat(second.get("max_tokens")).isEqualTo(3L);
        assertThat(TestServer.at(second, "messages.1.content")).isEqualTo("a <i>reply</i> ");
        assertThat(TestServer.at(second, "messages.2.content")).isEqualTo("more");
        browser.await(REPLY + " === 'a <i>reply</i> ends' && !document.getElementById('send').hidden");
        tabTo("Shift+Tab", "anew");
        browser.press("Enter");
        browser.await("!document.querySelector('article') && " + FOCUS + " === 'text'");
        var _ = browser.evaluate("sessionStorage.clear()");
    }

    @ParameterizedTest
    @ValueSource(ints = {320, 390})
    void fitsAPhone(int width) throws Exception {
        open(width, 700);
        browser.type("an_uninterrupted_word_that_is_wider_than_a_phone_".repeat(4));
        browser.press("Enter");
        var _ = conversation.asked.take();
        browser.await(REPLY + " === 'a <i>reply</i> '");
        assertThat(browser.evaluate("document.documentElement.scrollWidth")).isEqualTo((long) width);
        assertThat(browser.evaluate("document.getElementById('log').scrollWidth"
                        + " <= document.getElementById('log').clientWidth"))
                .isEqualTo(true);
        // Buttons and the field lie within the window, and are high enough for a finger.
        assertThat(browser.evaluate("[...document.querySelectorAll('header button, #form textarea, #stop')]"
                        + ".map(each => each.getBoundingClientRect())"
                        + ".filter(box => box.left < 0 || box.right > " + width
                        + " || box.bottom > 700 || box.height < 44).length"))
                .isEqualTo(0L);
        browser.press("Escape");
        assertThat(conversation.left.take()).isEqualTo("the client has left");
    }
}
