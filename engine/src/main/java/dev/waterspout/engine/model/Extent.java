package dev.waterspout.engine.model;

/** Lengths that the shapes of a layer's tensors are made of. */
enum Extent {
    /** One: the tensor is a vector. */
    ONE,
    /** Elements of a hidden state. */
    WIDTH,
    /** Elements of all query heads. */
    QUERIES,
    /** Elements of all key heads; all value heads have as many. With latent attention: of a cached position. */
    KEYS,
    /** Elements that attention returns, of all heads. */
    ATTENDED,
    /** Elements between the two matrices that make queries. */
    QUERY_LATENT,
    /** Elements of a latent vector. */
    LATENT,
    /** Elements of a head's query that the rotary embedding does not turn. */
    PLAIN,
    /** Elements of a head's value. */
    VALUE,
    /** Elements of all heads that latent vectors are expanded to: those of keys that are not turned, and of values. */
    PLAINS_VALUES,
    /** Queries, keys and values together. */
    QUERIES_KEYS_VALUES,
    /** Elements that a norm of queries spans: one head, or all. */
    QUERY_NORM,
    /** Elements that a norm of keys spans: one head, or all. */
    KEY_NORM,
    /** Query heads. */
    HEADS,
    /** Elements between the FFN's two halves. */
    FFN,
    /** Gate and up together. */
    FFN_TWICE,
    /** Experts of a layer. */
    EXPERTS,
    /** Elements between the two halves of an expert. */
    EXPERT,
    /** Elements between the two halves of the shared expert. */
    SHARED_EXPERT
}
