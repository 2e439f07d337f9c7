-- Sets theorems, proofs and callouts.
local common = require 'common'
local raw, raw_block = common.raw, common.raw_block

local function title_of(div)
  local first = div.content[1]
  if first and first.t == 'Div' and first.classes:includes 'title' then
    return div.content:remove(1).content[1].content
  end
end

-- Content between an opening and a closing piece of the output language.
local function wrapped(open, content, close)
  return pandoc.Blocks {raw_block(open)} .. content .. pandoc.Blocks {raw_block(close)}
end


local function head(kind, name, title)
  local inlines = pandoc.Inlines {pandoc.Str(name)}
  if title then
    inlines = inlines .. {pandoc.Space(), pandoc.Str '('} .. title .. {pandoc.Str ')'}
  end
  inlines:insert(pandoc.Str '.')
  if common.typst then
    return pandoc.Inlines {raw('#' .. kind .. '[')} .. inlines .. {raw ']', pandoc.Space()}
  end
  return pandoc.Inlines {pandoc.Span(inlines, pandoc.Attr('', {kind})), pandoc.Space()}
end

local function theorem(div)
  local kind = common.kind(div.identifier)
  local style = common.upright[kind] and 'upright' or 'italic'
  local inlines = head('theorem-title', common.name(div.identifier), title_of(div))
  local before = #div.content
  common.prepend(div.content, inlines)
  if common.typst then
    if #div.content > before then -- a head without text stays with the list that follows
      div.content[1] = pandoc.Div({div.content[1]}, pandoc.Attr('', {}, {{'typst:sticky', 'true'}}))
    end
    return wrapped('#theorem(style: "' .. style .. '")[', div.content,
                   '] <' .. div.identifier .. '>')
  end
  return pandoc.Div(div.content, pandoc.Attr(div.identifier, {'theorem', style, 'theorem-' .. kind}))
end

local function proof(div, kind)
  common.prepend(div.content, head('proof-title', common.proofs[kind], title_of(div)))
  if common.typst then
    local last = div.content[#div.content]
    if kind == 'proof' then
      if last.t ~= 'Para' then -- a list, a table: the mark gets a line of its own
        last = pandoc.Para {}
        div.content:insert(last)
      end
      local ending = last.content[#last.content]
      local display = ending and ending.t == 'Math' and ending.mathtype == 'DisplayMath'
      last.content:insert(raw(display and '#qed-beside' or '#qed'))
    end
    return wrapped('#' .. kind .. '[', div.content, ']')
  end
  return pandoc.Div(div.content, pandoc.Attr('', {kind}))
end

local function callout(div, kind)
  local title = title_of(div) or pandoc.Inlines {common.callouts[kind]}
  if common.typst then
    local heading = pandoc.Plain(pandoc.Inlines {raw('#notice("' .. kind .. '", [')} .. title
                                 .. {raw '])['})
    return pandoc.Blocks {heading} .. div.content .. pandoc.Blocks {raw_block ']'}
  end
  local heading = pandoc.Div({pandoc.Plain(title)}, pandoc.Attr('', {'callout-title'}))
  return wrapped('<div class="callout callout-' .. kind .. '" role="note">',
                 pandoc.Blocks {heading} .. div.content, '</div>')
end

return {
  Div = function(div)
    if common.is_theorem(div) then return theorem(div) end
    local kind = common.proof_kind(div)
    if kind then return proof(div, kind) end
    kind = common.callout_kind(div)
    if kind then return callout(div, kind) end
  end,
}
