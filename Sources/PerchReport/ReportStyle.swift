/// The style sheet of a report: light and dark as the reader's system is, one column on a telephone, paper.
enum ReportStyle {
  static let text: HTML.StaticText = """
    :root{--ink:#1d2420;--soft:#5b665f;--paper:#fbfbf8;--panel:#fff;--line:#dcdfd8;--grid:#ebede7;--yes:#1b7f5c;\
    --no:#b4552d;--mark:#1f4e9c;--warn:#7a4b00;--warnpaper:#fff5df}
    @media (prefers-color-scheme:dark){:root{--ink:#e7ebe6;--soft:#a3ada5;--paper:#141815;--panel:#1c211e;\
    --line:#353d37;--grid:#2a312c;--yes:#5fc79d;--no:#ec9a6e;--mark:#8db4f5;--warn:#f0c674;--warnpaper:#2c2415}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",\
    Roboto,"Helvetica Neue",Arial,sans-serif}
    main{max-width:74rem;margin:0 auto;padding:2rem 1.25rem 4rem}
    h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
    h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
    h3{font-size:1rem;margin:0}
    p{margin:.25rem 0 .75rem;max-width:46rem}
    .soft,figcaption,caption{color:var(--soft)}
    dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.75rem 1.5rem;margin:1rem 0}
    dt{color:var(--soft);font-size:.85rem}
    dd{margin:0;overflow-wrap:anywhere}
    .wide{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--panel)}
    table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
    caption{text-align:left;padding:.6rem .75rem;font-size:.9rem}
    th,td{padding:.4rem .75rem;border-top:1px solid var(--line);text-align:right;white-space:nowrap}
    th{font-weight:600;color:var(--soft);font-size:.85rem}
    tbody th{color:var(--ink);font-size:1rem;font-weight:400}
    thead th{white-space:normal;vertical-align:bottom;line-height:1.25}
    tbody th{white-space:normal;min-width:8.5rem;overflow-wrap:anywhere}
    .left{text-align:left}
    td.hit{background:color-mix(in srgb,var(--yes) 18%,transparent);font-weight:600}
    .warn{background:var(--warnpaper);color:var(--warn);border-left:4px solid var(--warn);padding:.5rem .9rem;\
    margin:1rem 0;border-radius:4px;max-width:none}
    .warn ul{margin:.25rem 0;padding-left:1.1rem}
    details{border:1px solid var(--line);border-radius:8px;background:var(--panel);margin:.75rem 0}
    summary{cursor:pointer;padding:.6rem .9rem;font-weight:600;overflow-wrap:anywhere}
    summary span{font-weight:400;color:var(--soft)}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(15.25rem,1fr));gap:1rem;\
    padding:.25rem .9rem 1rem}
    .alone{max-width:30rem;padding:0}
    figure{margin:0}
    figcaption{font-size:.85rem}
    svg{display:block;width:100%;height:auto}
    svg text{fill:var(--soft);font-size:11px}
    svg .name{font-size:12px}
    svg .middle{text-anchor:middle}
    svg .end{text-anchor:end}
    svg polyline,svg .grid,svg .axis{fill:none}
    svg .grid{stroke:var(--grid)}
    svg .axis{stroke:var(--soft)}
    svg .curve{stroke:var(--mark);stroke-width:2}
    svg .even{stroke:var(--soft);stroke-dasharray:3 4}
    svg .limit{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 3}
    svg rect.yes{fill:var(--yes);opacity:.75}
    svg rect.no{fill:var(--no);opacity:.6}
    svg circle.raw{fill:none;stroke:var(--no);stroke-width:1.5}
    svg circle.fit{fill:var(--mark)}
    .key::before{content:"";display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin:0 .3rem 0 .1rem}
    .key.yes::before{background:var(--yes)}
    .key.no::before{background:var(--no)}
    .key.raw::before{border:1.5px solid var(--no);border-radius:50%;width:.6rem;height:.6rem;box-sizing:border-box}
    .key.fit::before{background:var(--mark);border-radius:50%}
    @media (max-width:40rem){main{padding:1.25rem .9rem 3rem}h1{font-size:1.5rem}th,td{padding:.35rem .5rem}}
    @media print{:root{--paper:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;--yes:#1b7f5c;\
    --no:#b4552d;--mark:#1f4e9c}main{max-width:none;padding:0}details,figure,tr{break-inside:avoid}\
    details::details-content{content-visibility:visible;block-size:auto}.wide{overflow:visible}\
    body{font-size:10pt}th,td{white-space:normal;padding:.2rem .4rem}\
    .charts{grid-template-columns:repeat(4,1fr);gap:.5rem}tbody th{font-size:10pt}}
    """
}
