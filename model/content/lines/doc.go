// Package lines knows what a client changed in a text of lines that it had read and wrote
// back, such as a calendar, a contact, a note or settings, and does the same to another
// state of the text.
//
//	ops, kept, ok := lines.Between(shown, sent) // what the client did, and the lines that it left
//	text, fits := lines.Apply(live, ops)        // the same done to the live text
//
// The central type is [Op], one change of some lines. A line that is not there as it was is
// known by its key, what stands before the first of : ; = in it, if one line alone has that:
// so "DTSTAMP:20260301T120000Z" becomes the new one in any state of the calendar. A number
// that the client counted on is counted on from the live one. New lines come behind the line
// that was before them, or before the one that was behind them. A text that has neither is not
// changed.
//
// Seal writes the operations as a body, in place of the text that they change; Open turns
// such a body into what is sent. A text of one line is a value, which package prose is for.
package lines
