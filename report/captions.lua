-- Numbered captions and references in three formats: <figure> in HTML; in Word a caption with a SEQ field and a bookmark, REF fields that point to it,
-- a table of contents that is filled in, wide tables on landscape pages; in typst figures with alternative text and tables whose heads repeat.
-- Headings of a Chinese report are numbered 一、 （一） 1.

local DIGITS = { '一', '二', '三', '四', '五', '六', '七', '八', '九' }

local function chinese(n)
  if n < 10 then return DIGITS[n] end
  local tens, ones = n // 10, n % 10
  return (tens > 1 and DIGITS[tens] or '') .. '十' .. (ones > 0 and DIGITS[ones] or '')
end

local function xml(text)
  return (text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'):gsub('"', '&quot;'))
end

local function quoted(text) -- a typst string
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', ' ') .. '"'
end

local function run(text)
  return '<w:r><w:t xml:space="preserve">' .. xml(text) .. '</w:t></w:r>'
end

local function spaced(label) -- 图1, but Figure 1
  return label:match('^%a+$') and label .. ' ' or label
end

local function openxml(text) return pandoc.RawBlock('openxml', text) end

local next_bookmark = 1000

local function word_caption(block)
  local a = block.attributes
  next_bookmark = next_bookmark + 1
  local id = block.identifier:sub(1, 40)
  local field = '<w:fldSimple w:instr=" SEQ ' .. a.label .. ' \\* ARABIC ">' .. run(a.number) .. '</w:fldSimple>'
  return openxml('<w:p><w:pPr><w:pStyle w:val="' .. (a.kind == 'table' and 'TableCaption' or 'ImageCaption') .. '"/>'
    .. (a.kind == 'table' and '<w:keepNext/>' or '') .. '</w:pPr>'
    .. '<w:bookmarkStart w:id="' .. next_bookmark .. '" w:name="' .. id .. '"/>' .. run(spaced(a.label)) .. field
    .. '<w:bookmarkEnd w:id="' .. next_bookmark .. '"/>' .. run('　' .. a.caption) .. '</w:p>')
end

-- A4; the paragraph that holds a section's properties ends it
local function section_end(landscape)
  local size = landscape and '<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>' or '<w:pgSz w:w="11906" w:h="16838"/>'
  return openxml('<w:p><w:pPr><w:sectPr>' .. size .. '<w:pgMar w:top="1304" w:right="1247" w:bottom="1304" w:left="1247" w:header="709" w:footer="709" w:gutter="0"/></w:sectPr></w:pPr></w:p>')
end

local function content_of(block)
  for _, inner in ipairs(block.content) do
    if inner.t == 'Figure' then return inner.content[1] end
    return inner
  end
end

local function in_word(block)
  local a = block.attributes
  local blocks, inner = pandoc.Blocks({}), content_of(block)
  local wide = a.wide == '1'
  if wide then blocks:insert(section_end(false)) end
  if a.kind == 'table' then blocks:insert(word_caption(block)) end
  if a.kind == 'figure' then
    -- this style keeps the picture with its caption
    inner = pandoc.Div({ pandoc.Para(inner.content) }, pandoc.Attr('', {}, { ['custom-style'] = 'Captioned Figure' }))
  end
  blocks:insert(inner)
  if a.kind == 'figure' then blocks:insert(word_caption(block)) end
  -- a figure carries its scope and source in the picture
  if a.kind == 'table' then blocks:insert(pandoc.Div({ pandoc.Para({ pandoc.Str(a.note) }) }, pandoc.Attr('', {}, { ['custom-style'] = 'Compact' }))) end
  if wide then blocks:insert(section_end(true)) end
  return blocks
end

local function in_html(block)
  local a = block.attributes
  local caption = spaced(a.label) .. a.number .. '　' .. a.caption
  local html = function(text) return pandoc.RawBlock('html', text) end
  local blocks = pandoc.Blocks({ html('<figure id="' .. block.identifier .. '" class="' .. a.kind .. '">') })
  if a.kind == 'table' then
    blocks:insert(html('<figcaption>' .. xml(caption) .. '</figcaption><div class="scroll" tabindex="0" role="region" aria-label="' .. xml(caption) .. '">'))
    blocks:insert(content_of(block))
    blocks:insert(html('</div><p class="note">' .. xml(a.note) .. '</p></figure>'))
  else
    blocks:insert(content_of(block))
    blocks:insert(html('<figcaption>' .. xml(caption) .. '</figcaption></figure>'))
  end
  return blocks
end

local function typst_table(inner)
  local columns, aligns, cells = {}, {}, {}
  for i, spec in ipairs(inner.colspecs) do
    -- numbers keep their width, words share the rest
    columns[i] = spec[1] == pandoc.AlignRight and 'auto' or (string.format('%.3f', (spec[2] or 1) * 10) .. 'fr')
    aligns[i] = spec[1] == pandoc.AlignRight and 'right' or 'left'
  end
  local function row(cells_of)
    local texts = {}
    for i, cell in ipairs(cells_of) do texts[i] = quoted(pandoc.utils.stringify(cell.contents)) end
    return table.concat(texts, ', ')
  end
  for _, body in ipairs(inner.bodies) do
    for _, r in ipairs(body.body) do table.insert(cells, row(r.cells)) end
  end
  local head = inner.head.rows[1] and 'table.header(' .. row(inner.head.rows[1].cells) .. '),' or ''
  return 'table(columns: (' .. table.concat(columns, ', ') .. ',), align: (' .. table.concat(aligns, ', ') .. ',), ' .. head .. '\n' .. table.concat(cells, ',\n') .. ')'
end

local function in_typst(block)
  local a, inner = block.attributes, content_of(block)
  local raw = function(text) return pandoc.RawBlock('typst', text) end
  local caption = quoted(spaced(a.label) .. a.number .. '　' .. a.caption)
  local label = ' <' .. block.identifier .. '>'
  if a.kind == 'figure' then
    local image = inner.content[1]
    return raw('#figure(image(' .. quoted(image.src) .. ', alt: ' .. quoted(pandoc.utils.stringify(image.caption)) .. ', width: 100%), caption: ' .. caption .. ', kind: image)' .. label)
  end
  local made = '#figure(kind: table, caption: figure.caption(position: top, ' .. caption .. '), ' .. typst_table(inner) .. ')' .. label .. '\n#block(above: 4pt, text(size: 7.5pt, fill: luma(35%), ' .. quoted(a.note) .. '))'
  return raw(a.wide == '1' and '#page(flipped: true)[\n' .. made .. '\n]' or made)
end

local function captioned(block)
  if FORMAT == 'docx' then return in_word(block) end
  return FORMAT == 'typst' and in_typst(block) or in_html(block)
end

local function reference(link)
  -- trails are part of the page only
  if link.classes:includes('number') and FORMAT ~= 'html5' and FORMAT ~= 'html' then return link.content end
  if not link.classes:includes('crossref') then return nil end
  if FORMAT == 'docx' then
    return pandoc.RawInline('openxml', '<w:fldSimple w:instr=" REF ' .. link.target:sub(2, 41) .. ' \\h ">' .. run(pandoc.utils.stringify(link)) .. '</w:fldSimple>')
  end
  if FORMAT == 'typst' then
    return pandoc.RawInline('typst', '#link(<' .. link.target:sub(2) .. '>, ' .. quoted(pandoc.utils.stringify(link)) .. ')')
  end
  return nil
end

-- a tight list would take the small type of table cells
local function loose(list)
  if FORMAT ~= 'docx' then return nil end
  for _, item in ipairs(list.content) do
    for place, inner in ipairs(item) do
      if inner.t == 'Plain' then item[place] = pandoc.Para(inner.content) end
    end
  end
  return list
end

local function number_headings(document)
  local counts = { 0, 0, 0 }
  return document:walk({ Header = function(header)
    if header.classes:includes('unnumbered') or header.level > 3 then return nil end
    counts[header.level] = counts[header.level] + 1
    for deeper = header.level + 1, 3 do counts[deeper] = 0 end
    local n = counts[header.level]
    local mark = header.level == 1 and chinese(n) .. '、' or header.level == 2 and '（' .. chinese(n) .. '）' or n .. '. '
    header.content:insert(1, pandoc.Str(mark))
    return header
  end })
end

-- the field holds its entries already; Word adds page numbers when it is updated
local function word_contents(document)
  local lines = {}
  for _, block in ipairs(document.blocks) do
    if block.t == 'Header' and block.level <= 2 then
      table.insert(lines, { block.level, block.identifier, pandoc.utils.stringify(block.content) })
    end
  end
  local heading = pandoc.utils.stringify(document.meta['toc-title'] or '')
  local made = pandoc.Blocks({ openxml('<w:p><w:pPr><w:pStyle w:val="TOCHeading"/><w:pageBreakBefore/></w:pPr>' .. run(heading) .. '</w:p>') })
  for i, line in ipairs(lines) do
    local begin = i == 1 and '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>' or ''
    local finish = i == #lines and '<w:r><w:fldChar w:fldCharType="end"/></w:r>' or ''
    made:insert(openxml('<w:p><w:pPr><w:spacing w:before="' .. (line[1] == 1 and 60 or 0) .. '" w:after="0"/><w:ind w:left="' .. (line[1] - 1) * 420 .. '"/></w:pPr>' .. begin
      .. '<w:hyperlink w:anchor="' .. xml(line[2]) .. '">' .. run(line[3]) .. '</w:hyperlink>' .. finish .. '</w:p>'))
  end
  made:insert(openxml('<w:p><w:r><w:br w:type="page"/></w:r></w:p>'))
  return made
end

local function whole(document)
  if pandoc.utils.stringify(document.meta.lang):sub(1, 2) == 'zh' then document = number_headings(document) end
  if FORMAT == 'docx' then
    if document.meta['toc-title'] then document.blocks = word_contents(document) .. document.blocks end
    -- or they would be written, with paths, among the properties of the document
    for _, name in ipairs({ 'toc-title', 'bibliography', 'csl' }) do document.meta[name] = nil end
  end
  return document
end

return { {
  BulletList = loose,
  Div = function(block) if block.classes:includes('captioned') then return captioned(block) end end,
  Link = reference,
}, { Pandoc = whole } }
