// Package convert holds what the formats of other tools have in common: how a format is
// recognised ([Detect]), read ([Import]) and written ([Exporter]).
//
//	formats := []convert.Format{{Name: "har", In: har.Format{}}, {Name: "log", In: accesslog.Format{}}}
//	format, in, err := convert.Detect(file, formats)
//	for rec, err := range convert.Import(ctx, format, in, convert.Options{Origin: "https://shop.test"}) {
//		var entry *convert.EntryError
//		if errors.As(err, &entry) {
//			continue // one entry was left out; the error says which and why
//		}
//		if f, ok := rec.(*flow.Flow); ok {
//			err = out.Write(f)
//		}
//	}
//
// Each format has a package of its own below this one. Importers and exporters stream:
// however long the input is, they hold one entry, of at most 64 MiB, and small tables
// with a limit. Gzipped input is recognised by its content and unzipped. An entry that
// cannot be read is an [*EntryError], and reading goes on behind it.
//
// The comment of each format says what a flow loses when it is exported and imported
// again. The package does not redact, filter or write flow files.
package convert
