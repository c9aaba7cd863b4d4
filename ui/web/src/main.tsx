import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Logo, Moon, Sun } from "./icons";
import { ComparePage } from "./pages/compare";
import { LivePage } from "./pages/live";
import { RunPage } from "./pages/run";
import { RunsPage } from "./pages/runs";
import { Message } from "./parts";
import { type Route, useRoute } from "./router";
import { chooseTheme, useTheme } from "./theme";
import "./styles.css";

function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const skip = (e: Event): void => {
    e.preventDefault();
    main.current?.focus();
  };
  useEffect(() => {
    document.title = title(route);
  }, [route]);
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>Skip to content</a>
      <TopBar route={route} />
      <main id="content" tabIndex={-1} ref={main}>
        <Page route={route} />
      </main>
    </>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "live":
      return <LivePage />;
    case "runs":
      return <RunsPage />;
    case "run":
      return <RunPage key={route.name} name={route.name} />;
    case "compare":
      return <ComparePage base={route.base} cand={route.cand} />;
    case "unknown":
      return (
        <Message title="There is no such page">
          Go to the <a href="#/">live run</a> or to the <a href="#/runs">list of runs</a>.
        </Message>
      );
  }
}

function TopBar({ route }: { route: Route }) {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  const link = (href: string, label: string, on: boolean) => (
    <a href={href} aria-current={on ? "page" : undefined}>{label}</a>
  );
  return (
    <header class="topbar">
      <a class="brand" href="#/" aria-label="Starling, live run">
        <Logo />
        <span>Starling</span>
      </a>
      <nav aria-label="Pages">
        {link("#/", "Live", route.page === "live")}
        {link("#/runs", "Runs", route.page === "runs" || route.page === "run")}
        {link("#/compare", "Compare", route.page === "compare")}
      </nav>
      <button type="button" class="icon-button" onClick={() => chooseTheme(other)} aria-label={`Switch to ${other} theme`} title={`Switch to ${other} theme`}>
        {theme === "dark" ? <Sun /> : <Moon />}
      </button>
    </header>
  );
}

function title(route: Route): string {
  switch (route.page) {
    case "run":
      return `${route.name} · Starling`;
    case "runs":
      return "Runs · Starling";
    case "compare":
      return "Compare · Starling";
    default:
      return "Starling";
  }
}

const root = document.getElementById("app");
if (root) render(<App />, root);
