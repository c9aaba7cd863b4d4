import { defineConfig } from "vite";

// The built app is embedded in the Go binary and served under a policy that
// allows no inline script and no inline style: everything is a file of its own.
export default defineConfig({
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
  },
  // npm run dev shows the page with live reload on top of a running "starling ui".
  server: { proxy: { "/api": "http://127.0.0.1:7070" } },
});
