package learn

import (
	"path"
	"slices"
	"strings"
)

// assetMedia are the media types of what a page loads for its looks and its
// scripts (the destinations font, image, script and style of the Fetch
// Standard). A type that ends in a slash stands for all that begin with it.
var assetMedia = [...]string{
	"image/", "font/", "text/css", "text/javascript", "application/javascript", "application/x-javascript",
	"application/font-woff", "application/vnd.ms-fontobject",
}

// assetEndings are the endings of their files. They count where no answer tells a media
// type, as in access logs.
var assetEndings = [...]string{
	".avif", ".bmp", ".css", ".eot", ".gif", ".ico", ".jpeg", ".jpg", ".js", ".mjs", ".otf", ".png", ".svg", ".tif", ".tiff", ".ttf",
	".webp", ".woff", ".woff2", ".xbm",
}

// isAsset reports whether answers of a media type are assets.
func isAsset(media string) bool {
	for _, m := range assetMedia {
		if media == m || strings.HasSuffix(m, "/") && strings.HasPrefix(media, m) {
			return true
		}
	}
	return false
}

// namesAsset reports whether a request asks for a file with the ending of an asset.
func namesAsset(target string) bool {
	target, _, _ = strings.Cut(target, "?")
	ending := strings.ToLower(path.Ext(target))
	return slices.Contains(assetEndings[:], ending)
}
