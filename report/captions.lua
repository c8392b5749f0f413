-- Numbered captions and references: <figure> in HTML; in Word a caption with a SEQ field and a bookmark, and REF fields
-- that point to it, so that Word renumbers and links them.

local function xml(text)
  return (text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'):gsub('"', '&quot;'))
end

local function run(text)
  return '<w:r><w:t xml:space="preserve">' .. xml(text) .. '</w:t></w:r>'
end

local next_bookmark = 1000

local function word_caption(block)
  local a = block.attributes
  next_bookmark = next_bookmark + 1
  local id = block.identifier:sub(1, 40)
  local field = '<w:fldSimple w:instr=" SEQ ' .. a.label .. ' \\* ARABIC ">' .. run(a.number) .. '</w:fldSimple>'
  return pandoc.RawBlock('openxml', '<w:p><w:pPr><w:pStyle w:val="' .. (a.kind == 'table' and 'TableCaption' or 'ImageCaption') .. '"/>'
    .. (a.kind == 'table' and '<w:keepNext/>' or '') .. '</w:pPr>'
    .. '<w:bookmarkStart w:id="' .. next_bookmark .. '" w:name="' .. id .. '"/>' .. run(a.label) .. field
    .. '<w:bookmarkEnd w:id="' .. next_bookmark .. '"/>' .. run('　' .. a.caption) .. '</w:p>')
end

local function captioned(block)
  local a = block.attributes
  local caption = a.label .. a.number .. '　' .. a.caption
  if FORMAT == 'docx' then
    local note = pandoc.Div({ pandoc.Para({ pandoc.Str(a.note) }) }, pandoc.Attr('', {}, { ['custom-style'] = 'Compact' }))
    local blocks = pandoc.Blocks({})
    if a.kind == 'table' then blocks:insert(word_caption(block)) end
    for _, inner in ipairs(block.content) do
      if inner.t == 'Figure' then inner = inner.content[1] end
      if a.kind == 'figure' then
        -- this style keeps the picture with its caption
        inner = pandoc.Div({ pandoc.Para(inner.content) }, pandoc.Attr('', {}, { ['custom-style'] = 'Captioned Figure' }))
      end
      blocks:insert(inner)
    end
    if a.kind == 'figure' then blocks:insert(word_caption(block)) end
    if a.kind == 'table' then blocks:insert(note) end -- a figure carries its scope and source in the picture
    return blocks
  end
  local blocks = pandoc.Blocks({ pandoc.RawBlock('html', '<figure id="' .. block.identifier .. '" class="' .. a.kind .. '">') })
  if a.kind == 'table' then blocks:insert(pandoc.RawBlock('html', '<figcaption>' .. xml(caption) .. '</figcaption><div class="scroll">')) end
  for _, inner in ipairs(block.content) do
    if inner.t == 'Figure' then inner = inner.content[1] end
    blocks:insert(inner)
  end
  if a.kind == 'table' then blocks:insert(pandoc.RawBlock('html', '</div>')) else
    blocks:insert(pandoc.RawBlock('html', '<figcaption>' .. xml(caption) .. '</figcaption>')) end
  if a.kind == 'table' then blocks:insert(pandoc.RawBlock('html', '<p class="note">' .. xml(a.note) .. '</p>')) end
  blocks:insert(pandoc.RawBlock('html', '</figure>'))
  return blocks
end

local function reference(link)
  -- trails are part of the page only
  if link.classes:includes('number') and FORMAT == 'docx' then return link.content end
  if not link.classes:includes('crossref') then return nil end
  if FORMAT == 'docx' then
    return pandoc.RawInline('openxml', '<w:fldSimple w:instr=" REF ' .. link.target:sub(2, 41) .. ' \\h ">' .. run(pandoc.utils.stringify(link)) .. '</w:fldSimple>')
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

return { {
  BulletList = loose,
  Div = function(block) if block.classes:includes('captioned') then return captioned(block) end end,
  Link = reference,
} }
