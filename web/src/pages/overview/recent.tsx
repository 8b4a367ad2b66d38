import { useQuery } from '@tanstack/react-query'
import { requestPage } from '@/api/queries'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Answered } from '@/ui/states'
import { RequestTable } from '@/pages/requests/table'

const SHOWN = 8
const REFRESH_MS = 5_000

export function Recent() {
  const question = useQuery({
    queryKey: ['requests', 'recent'],
    queryFn: () => requestPage({}, undefined, SHOWN),
    refetchInterval: REFRESH_MS,
  })
  return (
    <Card title="Latest requests" flush actions={<ButtonLink href="/requests" small kind="quiet">All requests</ButtonLink>}>
      <Answered question={question}>{({ items }) => <RequestTable rows={items} />}</Answered>
    </Card>
  )
}
