/** The tables, and every statement that touches them. */

/** Counted up with every change of the tables. */
export const LAYOUT = 2

/** One file holds the last run of each start URL. */
export const SCHEMA = `
create table if not exists run (
  id integer primary key,
  start text not null,
  started integer not null,
  ended integer,
  state text not null check (state in ('running', 'finished', 'interrupted', 'failed'))
);
create table if not exists target (
  run integer not null,
  url text not null,
  want text not null check (want in ('head', 'sheet', 'page')),
  depth integer not null,
  state text not null check (state in ('pending', 'ok', 'broken', 'skipped')),
  status integer,
  final text,
  type text,
  title text,
  parsed integer not null default 0,
  retries integer not null default 0,
  redirects integer not null default 0,
  problem text,
  why text,
  millis integer,
  primary key (run, url)
) without rowid;
create table if not exists link (
  run integer not null,
  page text not null,
  line integer not null,
  element text not null,
  attribute text not null,
  text text not null,
  url text not null,
  fragment text,
  problem text,
  why text
);
create table if not exists anchor (
  run integer not null,
  page text not null,
  name text not null,
  primary key (run, page, name)
) without rowid;
`

export const FORGET = ["anchor", "link", "target"].map(
  (table) => `delete from ${table} where run in (select id from run where start = ?)`
)

export const INSERT_RUN = `insert into run (start, started, state) values (?, ?, 'running')`
export const LAST_RUN = `select id, state from run where start = ? order by id desc limit 1`
export const REOPEN_RUN = `update run set state = 'running', ended = null where id = ?`
export const END_RUN = `update run set state = ?, ended = ? where id = ?`

export const INSERT_TARGET = `
insert into target (run, url, want, depth, state) values (?, ?, ?, ?, 'pending')
on conflict (run, url) do update set want = excluded.want, state = 'pending'`

export const FINISH_TARGET = `
update target set state = ?, status = ?, final = ?, type = ?, title = ?, parsed = ?, retries = ?, redirects = ?,
  problem = ?, why = ?, millis = ?
where run = ? and url = ?`

export const INSERT_LINK = `
insert into link (run, page, line, element, attribute, text, url, fragment, problem, why)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const INSERT_ANCHOR = `insert or ignore into anchor (run, page, name) values (?, ?, ?)`

export const TARGETS = `select url, want, depth, state, final, parsed from target where run = ?`

/** Links whose target is broken, or that are no URL at all, or name a place that a page we have read does not have. */
export const BROKEN_LINKS = `
select l.url, l.fragment, l.page, l.line, l.element, l.attribute, l.text,
  coalesce(l.problem, t.problem) as problem, coalesce(l.why, t.why) as why, t.status, t.final, t.parsed, t.state
from link l left join target t on t.run = l.run and t.url = l.url
where l.run = ? and (l.problem is not null or t.state = 'broken')
order by l.url, l.page, l.line`

export const FRAGMENT_LINKS = `
select l.url, l.fragment, l.page, l.line, l.element, l.attribute, l.text, t.status, t.final
from link l join target t on t.run = l.run and t.url = l.url
where l.run = ? and l.fragment is not null and t.state = 'ok' and t.parsed = 1
order by l.url, l.fragment, l.page, l.line`

export const HAS_ANCHOR = `select 1 from anchor where run = ? and page = ? and name = ?`

/** The start page, when it is broken and no page links to it. */
export const BROKEN_ALONE = `
select t.url, t.problem, t.why, t.status from target t
where t.run = ? and t.depth = 0 and t.state = 'broken'
  and not exists (select 1 from link l where l.run = t.run and l.url = t.url)`

/** The run is asked for twice: numbered parameters do not work in the SQLite of Node 22. */
export const SUMMARY = `
select
  count(*) filter (where state in ('ok', 'broken')) as checked,
  count(*) filter (where state = 'pending') as pending,
  count(*) filter (where parsed = 1) as pages,
  count(*) filter (where state = 'broken') as broken,
  count(*) filter (where state = 'ok' and retries > 0) as healed,
  (select count(*) from link where run = ?) as links
from target where run = ?`

export const SKIPPED = `select count(*) as skipped from target where run = ? and state = 'skipped'`

export const HEALED = `select url, retries from target where run = ? and state = 'ok' and retries > 0 order by url`
