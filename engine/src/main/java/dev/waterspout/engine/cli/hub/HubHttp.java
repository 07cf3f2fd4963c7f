package dev.waterspout.engine.cli.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * GET requests to a hub. This class follows redirects itself: the token must be sent to no server but the hub, and a
 * request must not change from https to http.
 */
final class HubHttp implements AutoCloseable {
    private static final int MAX_REDIRECTS = 8;
    private static final int MAX_LISTING_BYTES = 16 << 20;
    private static final long POLL_MILLIS = 100;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final HubSettings settings;
    private final URI hub;
    private final HttpClient client;

    HubHttp(HubSettings settings) {
        this.settings = settings;
        this.hub = URI.create(settings.endpoint());
        this.client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.patience())
                .build();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    /** The time of the last received bytes of an answer. */
    static final class Pulse {
        private final AtomicLong last = new AtomicLong(System.nanoTime());

        void beat() {
            last.set(System.nanoTime());
        }

        private long age() {
            return System.nanoTime() - last.get();
        }
    }

    /**
     * Sends a request and waits for the complete answer.
     *
     * @param uri address of the request
     * @param headers besides the token
     * @param handler takes the body of the answer that is no redirect
     * @param pulse beats whenever the handler gets bytes
     * @return the answer, with any status except a redirect
     * @throws IOException if the server cannot be reached, breaks off, or sends nothing for too long
     */
    <T> HttpResponse<T> get(URI uri, Map<String, String> headers, BodyHandler<T> handler, Pulse pulse)
            throws IOException {
        URI target = uri;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(target).GET().header("User-Agent", "waterspout");
            headers.forEach(request::header);
            if (sameServer(target, hub)) {
                settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
            }
            HttpResponse<T> answer = await(request.build(), handler, pulse);
            if (!REDIRECTS.contains(answer.statusCode())) {
                return answer;
            }
            target = redirected(target, answer);
        }
        throw new HubException(uri + " redirects more than " + MAX_REDIRECTS + " times");
    }

    /**
     * Returns the pages of a listing.
     *
     * @param uri uri of the first page
     * @param missing message where the server has no such thing or does not show it
     */
    List<byte[]> pages(URI uri, String missing) throws IOException {
        List<byte[]> pages = new ArrayList<>();
        Optional<URI> next = Optional.of(uri);
        long bytes = 0;
        while (next.isPresent()) {
            HttpResponse<byte[]> answer =
                    get(next.get(), Map.of(), HttpResponse.BodyHandlers.ofByteArray(), new Pulse());
            requireStatus(answer.statusCode(), next.get(), missing, 200);
            bytes += answer.body().length;
            if (bytes > MAX_LISTING_BYTES) {
                throw new HubException(uri + " lists more than " + MAX_LISTING_BYTES + " bytes");
            }
            pages.add(answer.body());
            next = nextPage(next.get(), answer);
        }
        return pages;
    }

    /**
     * Checks a status.
     *
     * @throws HubException for a status that another attempt cannot change
     * @throws IOException for a status that another attempt may change
     */
    static void requireStatus(int status, URI uri, String missing, Integer... allowed) throws IOException {
        if (List.of(allowed).contains(status)) {
            return;
        }
        if (status == 401 || status == 403) {
            throw new HubException(missing + ", or it needs a token that has access in HF_TOKEN (" + uri.getHost()
                    + " answers " + status + ")");
        }
        if (status == 404) {
            throw new HubException(missing + " (" + uri.getHost() + " answers 404)");
        }
        String answer = uri.getHost() + " answers " + status;
        throw status == 429 || status >= 500
                ? new IOException(answer)
                : new HubException(missing + " (" + answer + ")");
    }

    private <T> HttpResponse<T> await(HttpRequest request, BodyHandler<T> handler, Pulse pulse) throws IOException {
        BodyHandler<T> unlessRedirected =
                info -> REDIRECTS.contains(info.statusCode()) ? ignored() : handler.apply(info);
        pulse.beat();
        CompletableFuture<HttpResponse<T>> answer = client.sendAsync(request, unlessRedirected);
        while (true) {
            try {
                return answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException waiting) {
                if (pulse.age() > settings.patience().toNanos()) {
                    answer.cancel(true);
                    throw new IOException(
                            request.uri().getHost() + " has sent nothing for "
                                    + settings.patience().toSeconds() + " s",
                            waiting);
                }
            } catch (ExecutionException failed) {
                Throwable cause = Objects.requireNonNullElse(failed.getCause(), failed);
                String said = Objects.requireNonNullElse(cause.getMessage(), withoutMessage(cause));
                if (cause instanceof UncheckedIOException own) {
                    throw own.getCause();
                }
                throw new IOException(request.uri().getHost() + ": " + said, cause);
            } catch (InterruptedException stop) {
                answer.cancel(true);
                Thread.currentThread().interrupt();
                throw new HubException("the download was interrupted", stop);
            }
        }
    }

    private static String withoutMessage(Throwable cause) {
        return cause instanceof ConnectException
                ? "no connection can be made"
                : cause.getClass().getSimpleName();
    }

    private static <T extends @Nullable Object> HttpResponse.BodySubscriber<T> ignored() {
        return BodySubscribers.mapping(BodySubscribers.discarding(), nothing -> null);
    }

    private static URI redirected(URI from, HttpResponse<?> answer) throws HubException {
        String location = answer.headers()
                .firstValue("Location")
                .orElseThrow(() -> new HubException(from + " redirects to no place"));
        URI target;
        try {
            target = from.resolve(location);
        } catch (IllegalArgumentException malformed) {
            throw new HubException(from + " redirects to " + location + ", which is no address", malformed);
        }
        String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
        boolean allowed =
                scheme.equals("https") || (scheme.equals("http") && "http".equalsIgnoreCase(from.getScheme()));
        if (!allowed || target.getHost() == null) {
            throw new HubException(from + " redirects to " + target + "; only https is followed");
        }
        return target;
    }

    private static boolean sameServer(URI a, URI b) {
        return String.valueOf(a.getHost()).equalsIgnoreCase(b.getHost())
                && a.getPort() == b.getPort()
                && String.valueOf(a.getScheme()).equalsIgnoreCase(b.getScheme());
    }

    /** Reads {@code Link: <address>; rel="next"} (RFC 8288). */
    private static Optional<URI> nextPage(URI page, HttpResponse<?> answer) {
        return answer.headers().allValues("Link").stream()
                .flatMap(header -> List.of(header.split(",\\s*(?=<)")).stream())
                .filter(link -> link.matches("<[^>]*>.*rel=\"?next\"?.*"))
                .map(link -> page.resolve(link.substring(1, link.indexOf('>'))))
                .findFirst();
    }
}
