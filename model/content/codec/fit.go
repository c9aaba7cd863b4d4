package codec

// Fit finds the styles in which texts were written through kinds, the inner one first,
// and returns the chain with the values. ok reports that the chain writes every value
// as it was: for content codings, whose bytes no two programs write alike, that is as
// far as they are read. Without ok the styles are those that come nearest.
func Fit(kinds []Kind, texts []string) (chain Chain, values []string, ok bool) {
	chain = make(Chain, len(kinds))
	ok = true
	for i := len(kinds) - 1; i >= 0; i-- {
		k := kinds[i]
		chain[i] = fitOne(k, texts)
		inner := make([]string, len(texts))
		for n, t := range texts {
			value, read := Decode(k, t)
			inner[n] = value
			ok = ok && read && (chain[i].again() || chain[i].encode(value) == t)
		}
		texts = inner
	}
	return chain, texts, ok
}

// again reports whether the codec need not write what it read to the byte.
func (c Codec) again() bool {
	switch c.Kind {
	case Gzip, Deflate, Brotli, Zstd:
		return true
	}
	return false
}

func fitOne(k Kind, texts []string) Codec {
	switch k {
	case Percent, Plus:
		return percentFit(k, texts)
	case JSON:
		return jsonFit(texts)
	case XML:
		return xmlFit(texts)
	case Base64, Base64URL:
		return baseFit(k, texts)
	case Hex:
		return hexFit(texts)
	}
	return New(k)
}
