//go:build e2e

package cmd_test

// pocketLabels: the token and the own id come from the login, ids from lists and from
// what was made.
var pocketLabels = []label{
	{`POST /api/collections/users/auth-with-password`, `"identity":"([^"]*)"`, `accounts\.user`, false},
	{`POST /api/collections/users/auth-with-password`, `"password":"([^"]*)"`, `accounts\.password`, false},
	{`\S+ /api/collections/(posts/records|users/auth-refresh)`, `^Authorization: (.*)$`, `POST /api/collections/users/auth-\S+ json:token`, false},
	{`(GET|PATCH|DELETE) /api/collections/posts/records/`, `/api/collections/posts/records/([^?\s]+)`, `(GET|POST) /api/collections/posts/records\S* json:(items\[\]\.)?id`, false},
	{`POST /api/collections/posts/records`, `"author":"([^"]*)"`, `POST /api/collections/users/auth-\S+ json:record\.id`, false},
}

// graphqlLabels: both tokens come from the login or the latest renewal, the id that is
// changed from what was read or made.
var graphqlLabels = []label{
	{`POST /graphql/system \[Login\]`, `"email":"([^"]*)"`, `accounts\.user`, false},
	{`POST /graphql/system \[Login\]`, `"password":"([^"]*)"`, `accounts\.password`, false},
	{`POST /graphql`, `^Authorization: Bearer (.*)$`, `POST /graphql/system \[(Login|Refresh)\] json:data\.auth_\w+\.access_token`, false},
	{`POST /graphql/system \[(Logout|Refresh)\]`, `"token":"([^"]*)"`, `POST /graphql/system \[(Login|Refresh)\] json:data\.auth_\w+\.refresh_token`, false},
	{`POST /graphql \[Article\]`, `"id":"([^"]*)"`, `POST /graphql \[Articles\] json:data\.articles\[\]\.id`, false},
	{`POST /graphql \[Update\]`, `"id":"([^"]*)"`, `POST /graphql \[(Article|Create)\] json:data\.\w+\.id`, false},
}

// etcdLabels: the token comes from the login, own keys hold the user's name, a key is
// changed at the revision that was read, and held by the lease that was granted.
var etcdLabels = []label{
	{`POST /etcdserverpb\.Auth/Authenticate`, `\b1:"([^"]*)"`, `accounts\.user`, false},
	{`POST /etcdserverpb\.Auth/Authenticate`, `\b2:"([^"]*)"`, `accounts\.password`, false},
	{`POST /etcdserverpb\.(Auth|KV|Lease)/`, `(?i)^token: (.*)$`, `POST /etcdserverpb\.Auth/Authenticate proto:2`, false},
	{`POST /etcdserverpb\.KV/`, `"notes/([^"/]*)`, `accounts\.user`, false},
	{`POST /etcdserverpb\.KV/Put`, `\b3:(\S+)`, `POST /etcdserverpb\.Lease/LeaseGrant proto:2`, false},
	{`POST /etcdserverpb\.KV/Txn`, `\b6:(\$\{[^}]*\}|[1-9]\d*)`, `POST /etcdserverpb\.KV/Range proto:2\.3`, false},
	{`POST /etcdserverpb\.Lease/LeaseKeepAlive`, `\b1:(\S+)`, `POST /etcdserverpb\.Lease/LeaseGrant proto:2`, false},
}

// wikiLabels: a form is sent as its page gave it, with the token of the session, and with
// what the page was when it was read. Styles and scripts are those of the page, and the
// page after a write is where the answer leads. Other pages are typed.
var wikiLabels = []label{
	{`POST /doku\.php\?id=start`, `^u=(.*)$`, `accounts\.user`, false},
	{`POST /doku\.php\?id=start`, `^p=(.*)$`, `accounts\.password`, false},
	{`GET /doku\.php\?id=start&do=login`, `do=login&sectok=(\S*)`, `GET /doku\.php\?id=start link:.*`, true},
	{`POST /doku\.php\?id=start`, `^(?:sectok|id|do)=(.*)$`, `GET /doku\.php\?id=start&do=login\S* (form|entries):.*`, true},
	{`POST /doku\.php\?id=notes:`, `^(?:sectok|changecheck|date)=(.+)$`, `GET /doku\.php\?id=notes:\w+&do=edit (form|entries):.*`, false},
	{`POST /doku\.php\?id=notes:`, `^(?:rev|prefix|suffix|target|do\[save\]|id|summary)=(.*)$`, `GET /doku\.php\?id=notes:\w+&do=edit (form|entries):.*`, true},
	{`\S+ /doku\.php\?id=notes:`, `^\S+ /doku.php\?(?:.*&)?id=([^&\s]+)`, `accounts\.user|\S+ /doku\.php\S* (link:|redirect:|entries:).*`, false},
	{`POST /(doku\.php\?id=notes:|lib/exe/ajax)`, `^id=(?:notes:)?([^&\s]+)`, `accounts\.user|GET /doku\.php\S* form:id\S*`, true},
	{`POST /lib/exe/ajax`, `^sectok=(\S+)`, `GET /doku\.php\S* (form:sectok\S*|link:.*do=logout.*)`, false},
	{`POST /doku\.php\?id=notes:`, `^wikitext=.* Notes of (\S+)`, `accounts\.user`, true},
	{`GET /doku\.php\?id=notes:\w+&do=logout`, `sectok=(\S+)`, `GET /doku\.php\S* (form:sectok|link:.*do=logout.*)`, false},
	{`GET /doku\.php\?id=`, `[?&]id=([^&\s]+)`, `\S+ /doku\.php\S* (link:|redirect:).*`, true},
	{`GET /doku\.php\?id=notes:\w+&do=login`, `[?&]do=(\S+)`, `GET /doku\.php\S*do=logout\S* redirect:.*`, true},
	{`GET /lib/exe/(css|js|jquery)\.php`, `tseed=(\S+)`, `GET /doku\.php\S* link:.*`, false},
	{`GET /lib/exe/taskrunner\.php`, `^GET \S+&(\S+)$`, `GET /doku\.php\S* link:/lib/exe/taskrunner.*`, false},
	{`GET /lib/exe/taskrunner\.php`, `^GET \S+\?id=(?:notes:)?([^&\s]+)`, `GET /doku\.php\S* link:/lib/exe/taskrunner.*|accounts\.user`, false},
}

// trackerLabels: every form carries the token of its page. A task is sent with what its
// form shows: the version, the place in the list, and all fields that the visitor let be.
// Tasks are opened by links, or where an answer leads.
var trackerLabels = []label{
	{`POST /login`, `^username=(.*)$`, `accounts\.user`, false},
	{`POST /login`, `^password=(.*)$`, `accounts\.password`, false},
	{`POST /`, `^authenticity_token=(.+)$`, `(GET|POST) /\S* (meta:csrf-token|(form|entries):.*)`, false},
	{`POST /`, `(?i)^X-CSRF-Token: (.+)$`, `(GET|POST) /\S* meta:csrf-token`, false},
	{`POST /issues/\d+`, `POST /issues/([^/.\s]+)`, `(GET|POST) /(issues|my)\S* .*`, false},
	{`POST /issues/\d+`, `^(?:issue\[(?:lock_version|subject|description)\]|last_journal_id|next_issue_id|issue_position|issue_count)=(.+)$`, `GET /issues/\d+\S* (form|entries):.*`, false},
	{`POST /issues/\d+`, `^issue\[(?:assigned_to_id|start_date)\]=(.+)$`, `GET /issues/\d+\S* (form|entries):.*`, false},
	{`POST /(issues/\d+|projects/depot/issues)`, `^(?:utf8|_method|commit|was_default_status|form_update_triggered_by|issue\[\w+\]|attachments\S*)=(.*)$`, `GET /\S+ (form|entries|option|labelled):.*`, true},
	{`POST /projects/depot/issues`, `^issue\[start_date\]=(.+)$`, `GET /projects/depot/issues/new (form|entries):.*`, false},
	{`POST /projects/depot/wiki/`, `^content\[version\]=(.+)$`, `GET /projects/depot/wiki/\S+ (form|entries):.*`, false},
	{`POST /projects/depot/wiki/`, `^(?:utf8|_method|commit|content\[\w+\]|wiki_page\S*|attachments\S*)=(.*)$`, `GET /projects/depot/wiki/\S+ (form|entries):.*`, true},
	{`POST /(login|logout)`, `^(?:utf8|_method|back_url|login|authenticity_token)=(.*)$`, `GET /\S* (form|entries|link):.*`, true},
	{`GET /issues/\d+`, `GET /issues/([^?\s]+)`, `(GET|POST) /\S+ (link:|redirect:|attr:).*`, false},
	{`GET /issues/\d+\?`, `[?&](?:issue_count|issue_position|next_issue_id)=([^&\s]+)`, `POST /issues/\d+ redirect:.*`, false},
	{`\S+ /projects/depot/wiki/Diary_`, `/Diary_([^/?\s]+)`, `accounts\.user`, false},
	{`GET /(stylesheets|javascripts|favicon)`, `^GET \S+\?(\S+)$`, `GET /\S* link:.*`, false},
	{`GET /(stylesheets|javascripts|images|favicon)`, `GET (\S+)$`, `(GET|POST) /\S* link:.*`, true},
	{`GET /(projects|my|login)`, `GET (\S+)$`, `(GET|POST) /\S* (link|redirect):.*`, true},
}

// articlesLabels: the program of the pages asks for what it was given: its own id and
// role, the article that the visitor opened, made or changes, parts by the names that
// stand in other parts.
var articlesLabels = []label{
	{`POST /auth/login`, `"email":"([^"]*)"`, `accounts\.user`, false},
	{`POST /auth/login`, `"password":"([^"]*)"`, `accounts\.password`, false},
	{`GET /`, `\[role\]\[_eq\]=([^&\s]+)`, `GET /users/me\S* json:data\.role\.id`, false},
	{`GET /`, `\[(?:user|recipient)\]\[_eq\]=([^&\s]+)`, `GET /users/me\S* json:data\.id`, false},
	{`GET /admin/assets/`, `GET /admin/assets/(\S+)`, `GET /admin/\S* (link|text|script):.*`, false},
	{`(GET|PATCH) /items/articles/\d+`, `/items/articles/([^?\s]+)`, `(GET|POST|PATCH) /items/articles\S* json:data(\[\])?\.id`, false},
	{`GET /(shares|activity)`, `\[item\]\[_eq\]=([^&\s]+)`, `(GET|POST|PATCH) /items/articles\S* json:data(\[\])?\.id`, false},
	{`PATCH /users/me/track/page`, `/content/articles/([^"+]+)"`, `(GET|POST|PATCH) /items/articles\S* json:data(\[\])?\.id`, false},
}
